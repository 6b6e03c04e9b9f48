/** The GraphQL server as a process of its own, with real requests. */

import { buildSchema, type ExecutionResult, getIntrospectionQuery, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { executeWithin } from './graphql/execute-within.ts'
import { addressOf, type Program, start } from './testing/programs.ts'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: ExecutionResult
}

interface Server {
  readonly url: string
  readonly program: Program
  /** Sends a query by POST; what else belongs to it goes into the body too. */
  ask(query: string, more?: object): Promise<Answer>
  /** How many points are left; asking this costs 1. */
  left(): Promise<number>
}

async function answerTo(url: string, init?: RequestInit): Promise<Answer> {
  const response = await fetch(url, init)
  const { status, headers } = response
  return { status, headers, body: (await response.json()) as ExecutionResult }
}

const post = (url: string, body: unknown): Promise<Answer> =>
  answerTo(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

async function serveGraphql(): Promise<Server> {
  const program = start('graphql.ts')
  const url = `${await addressOf(program)}/graphql`
  const ask = (query: string, more?: object): Promise<Answer> => post(url, { query, ...more })
  return { url, program, ask, left: async () => remaining(await ask('{ __typename }')) }
}

const remaining = ({ headers }: Answer): number => Number(headers.get('x-ratelimit-remaining'))
const messages = ({ body }: Answer): string[] => (body.errors ?? []).map(({ message }) => message)

/** The rows that resolvers have read so far, as they told. */
const reads = ({ program }: Server): string[] =>
  Array.from(program.stdout().matchAll(/^read (.*)$/gm), ([, rows = '']) => rows)

/** Every row that was read, when all that was asked before has been told as well. */
async function allReads(server: Server): Promise<string[]> {
  await server.ask('{ authors(first: 99) { name } }')
  await server.program.says(/^read 99 authors$/m)
  return reads(server)
}

describe.concurrent('graphql.ts', () => {
  it('charges for each field as often as there may be rows of it', async () => {
    const server = await serveGraphql()
    // authors 1, and for each of 10: name 1, books 1, and 5 titles.
    const nested = await server.ask('{ authors(first: 10) { name books(first: 5) { title } } }')
    expect(nested.status).toBe(200)
    expect(nested.body.data?.authors).toHaveLength(10)
    expect(nested.headers.get('ratelimit-policy')).toBe('"points";q=1000;qu="points";w=60')
    expect(remaining(nested)).toBe(1000 - 71)
    // author 1, name 1, books 1, and for each of 10, the default: title 1, author 1, its name 1.
    const one = '{ author(name: "A") { name books { title author { name } } } }'
    expect(remaining(await server.ask(one))).toBe(929 - 33)
    // By a variable, its default, and through a fragment: 1 and 20, 1 and 7.
    const byVariable =
      'query ($n: Int! = 7) { authors(first: $n) { ...Named } } fragment Named on Author { name }'
    expect(remaining(await server.ask(byVariable, { variables: { n: 20 } }))).toBe(896 - 21)
    expect(remaining(await server.ask(byVariable))).toBe(875 - 8)
  })

  it('charges aliases each, and only the operation that is named', async () => {
    const server = await serveGraphql()
    const aliased = '{ a: authors(first: 10) { name } b: authors(first: 10) { name } }'
    expect(remaining(await server.ask(aliased))).toBe(1000 - 22)
    const two = 'query A { authors(first: 50) { name } } query B { authors(first: 2) { name } }'
    expect(remaining(await server.ask(two, { operationName: 'B' }))).toBe(978 - 3)
    const unnamed = await server.ask(two)
    expect([unnamed.status, messages(unnamed)]).toEqual([400, ['Name one of the operations.']])
    expect(remaining(unnamed)).toBe(974)
    // What is left out by a directive costs nothing; a query costs 1 at least.
    const query = 'query ($all: Boolean!) { authors(first: 50) @include(if: $all) { name } }'
    expect(remaining(await server.ask(query, { variables: { all: false } }))).toBe(973)
  })

  it('answers queries by GET, and one that takes all points at once', async () => {
    const server = await serveGraphql()
    // 1 + 27 × (1 + 36).
    const query = 'query ($n: Int!) { authors(first: $n) { books(first: 36) { title } } }'
    const search = new URLSearchParams({ query, variables: '{"n":27}' }).toString()
    const answer = await answerTo(`${server.url}?${search}`)
    expect(answer.body.data?.authors).toHaveLength(27)
    expect(remaining(answer)).toBe(0)
  })

  it('tells of its types, at a price', async () => {
    const server = await serveGraphql()
    const answer = await server.ask(getIntrospectionQuery())
    expect(answer.body.data).toHaveProperty('__schema.types')
    expect(remaining(answer)).toBe(1000 - 220)
  })

  it('refuses by 429 when too little is left', async () => {
    const server = await serveGraphql()
    const most = '{ authors(first: 99) { books(first: 9) { title } } }'
    expect(remaining(await server.ask(most))).toBe(1000 - 991)
    const refused = await server.ask('{ authors(first: 9) { name } }')
    expect(refused.status).toBe(429)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(refused.body).toMatchObject({
      status: 429,
      detail: expect.stringContaining('This request costs 10; 9 of 1000 points per minute are left.'),
      'violated-policies': ['points'],
    })
    expect((await server.ask('{ authors(first: 8) { name } }')).status).toBe(200)
    await server.program.says(/^read 8 authors$/m)
    expect(reads(server)).not.toContain('9 authors')
    // With nothing left, what could never be paid is still told so.
    expect((await server.ask('{ __typename }')).status).toBe(429)
    expect((await server.ask('{ authors(first: 100) { books(first: 100) { title } } }')).status).toBe(400)
  })

  it('refuses by 400, for nothing and before execution, what costs more than there can ever be', async () => {
    const server = await serveGraphql()
    expect(await server.left()).toBe(999)
    // 1 + 100 × (1 + 9 × 1) is 1,001; aliases add up as well.
    const tooMuch = [
      '{ authors(first: 100) { books(first: 9) { title } } }',
      `{ ${Array.from({ length: 10 }, (_, at) => `a${at}: authors(first: 100) { name }`).join(' ')} }`,
    ]
    const [one, other] = [await server.ask(tooMuch[0] ?? ''), await server.ask(tooMuch[1] ?? '')]
    expect([one.status, messages(one)]).toEqual([400, ['This query costs 1001, more than 1000 points.']])
    expect([other.status, messages(other)]).toEqual([400, ['This query costs 1010, more than 1000 points.']])
    expect([remaining(one), remaining(other)]).toEqual([999, 999])
    expect(one.headers.has('retry-after')).toBe(false)
    expect(await server.left()).toBe(998)
    expect(await allReads(server)).toEqual(['99 authors'])
  })

  it('refuses by 400 and before execution what is too deep, for 1 point', async () => {
    const server = await serveGraphql()
    const six = '{ authors(first: 1) { books(first: 1) { author { books(first: 1) { author { name } } } } } }'
    expect((await server.ask(six)).status).toBe(200)
    const before = await server.left()
    const seven = await server.ask(six.replace('name', 'books(first: 1) { title }'))
    expect([seven.status, messages(seven)]).toEqual([400, ['This query is deeper than 6 levels.']])
    const fragments = `{ authors(first: 1) { ...A } }
      fragment A on Author { books(first: 1) { ...B } }
      fragment B on Book { author { books(first: 1) { author { books(first: 1) { title } } } } }`
    expect(messages(await server.ask(fragments))).toEqual(['This query is deeper than 6 levels.'])
    expect(await server.left()).toBe(before - 3)
    expect(await allReads(server)).toEqual(['1 authors', '1 books', '1 books', '99 authors'])
  })

  it('ends what takes too long, tells its resolvers, and keeps what it was charged', async () => {
    const server = await serveGraphql()
    const answer = await server.ask('{ report authors(first: 5) { name } }')
    expect(messages(answer)).toEqual(['Execution took longer than 500 ms.'])
    expect(answer.body.data).toBe(null)
    expect(remaining(answer)).toBe(1000 - 7)
    await server.program.says(/^report given up$/m)
    expect(await server.left()).toBe(992)
  })

  it('refuses what cannot be executed by 400, for 1 point each', async () => {
    const server = await serveGraphql()
    const hostile: [query: string, variables: object, reason: string][] = [
      ['{ authors(', {}, 'Syntax Error'],
      ['{ nothing }', {}, 'Cannot query field'],
      ['{ authors { ...A } } fragment A on Author { ...A }', {}, 'within itself'],
      ['query ($n: Int!) { authors(first: $n) { name } }', { n: '1' }, 'Int cannot'],
      ['{ authors(first: -100) { name } }', {}, 'from 0 to 100, got -100'],
      ['query ($n: Int!) { authors(first: $n) { name } }', { n: -1 }, 'got -1'],
      ['{ authors(first: 101) { name } }', {}, 'from 0 to 100, got 101'],
      [`{ ${'__typename '.repeat(1000)} }`, {}, '1000 tokens'],
      [doubling(10), {}, 'maximum allowed number of nodes'],
      [
        '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }',
        {},
        'Maximum introspection depth',
      ],
    ]
    for (const [at, [query, variables, reason]] of hostile.entries()) {
      const answer = await server.ask(query, { variables })
      expect([answer.status, messages(answer).join()]).toEqual([400, expect.stringContaining(reason)])
      expect(remaining(answer)).toBe(999 - at)
    }
    expect(await allReads(server)).toEqual(['99 authors'])
  })

  it('refuses what is no query by an answer of the server, for 1 point', async () => {
    const server = await serveGraphql()
    const query = '{ authors { name } }'
    const batch = await post(server.url, [{ query }, { query }])
    expect([batch.status, remaining(batch)]).toEqual([400, 999])
    const nothing = await post(server.url, {})
    expect([nothing.status, messages(nothing)]).toEqual([400, ['Missing query']])
    const list = await post(server.url, { query, variables: [1] })
    expect([list.status, messages(list)]).toEqual([400, ['Invalid variables']])
    const text = await fetch(server.url, { method: 'POST', body: query })
    expect(text.status).toBe(415)
    expect((await fetch(server.url, { method: 'PUT' })).status).toBe(405)
    expect(await server.left()).toBe(994)
    expect(reads(server)).toEqual([])
  })

  it('reads no more than 20 kB, and no more than 120 requests per minute', async () => {
    const server = await serveGraphql()
    const send = async (body: string): Promise<number> =>
      (await fetch(server.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }))
        .status
    expect(await send(JSON.stringify({ query: '#'.repeat(20_480) }))).toBe(413)
    for (let request = 2; request <= 120; request++) expect(await send('{')).toBe(400)
    const refused = await server.ask('{ __typename }')
    expect([refused.status, refused.body]).toMatchObject([429, { 'violated-policies': ['requests'] }])
  })

  it('answers in the media type that a client asks for', async () => {
    const server = await serveGraphql()
    const typeFor = async (accept: string): Promise<string | null> => {
      const answer = await answerTo(`${server.url}?query={nothing}`, { headers: { accept } })
      expect(answer.status).toBe(400)
      return answer.headers.get('content-type')
    }
    expect(await typeFor('*/*')).toBe('application/json; charset=utf-8')
    expect(await typeFor('application/graphql-response+json, application/json;q=0.9')).toBe(
      'application/graphql-response+json; charset=utf-8',
    )
  })
})

/** Words for `depth` fragments, of which each holds the next one twice. */
function doubling(depth: number): string {
  const fragments = Array.from(
    { length: depth },
    (_, at) => `fragment F${at} on Author { ...F${at + 1} ...F${at + 1} }`,
  )
  return `{ authors { ...F0 } } ${fragments.join(' ')} fragment F${depth} on Author { name }`
}

it('executeWithin asks nothing more of what comes too late', async () => {
  const asked: string[] = []
  let find: (found: object) => void = () => undefined
  const rootValue = {
    late: () => new Promise((resolve) => (find = resolve)),
    soon: () => asked.push('soon'),
  }
  const schema = buildSchema('type Query { soon: Int, late: Late } type Late { name: String }')
  const result = await executeWithin(1)({ schema, document: parse('{ soon late { name } }'), rootValue })
  expect(result.errors?.[0]?.message).toBe('Execution took longer than 1 ms.')
  find({ name: () => asked.push('late') })
  await new Promise((resolve) => setImmediate(resolve))
  expect(asked).toEqual(['soon'])
})
