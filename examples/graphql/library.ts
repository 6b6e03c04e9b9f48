import { setTimeout as sleep } from 'node:timers/promises'
import { buildSchema, type GraphQLSchema } from 'graphql'

export const schema: GraphQLSchema = buildSchema(`
  type Query {
    authors(first: Int! = 10): [Author!]!
    author(name: String!): Author!
    report: String!
  }
  type Author {
    name: String!
    books(first: Int! = 10): [Book!]!
  }
  type Book {
    title: String!
    author: Author!
  }
`)

/** What resolvers get: work that takes long should end when the signal says so. */
export interface Context {
  readonly signal: AbortSignal
}

interface Book {
  readonly title: string
  readonly author: Author
}

interface Author {
  readonly name: string
  books(args: { first: number }): Book[]
}

/** Stands for a table: gives its first rows, and tells that it was read. */
function read<Row>(table: string, count: number, row: (at: number) => Row): Row[] {
  console.log(`read ${count} ${table}`)
  return Array.from({ length: count }, (_, at) => row(at + 1))
}

function author(name: string): Author {
  const self: Author = {
    name,
    books: ({ first }) => read('books', first, (at) => ({ title: `Book ${at} by ${name}`, author: self })),
  }
  return self
}

export const library = {
  authors: ({ first }: { first: number }): Author[] => read('authors', first, (at) => author(`Author ${at}`)),
  author: ({ name }: { name: string }): Author => author(name),
  /** Stands for something that takes far too long. */
  report: async (_args: object, { signal }: Context): Promise<string> => {
    signal.addEventListener('abort', () => console.log('report given up'))
    return sleep(60_000, 'All is well.', { signal })
  },
}
