import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** The documents, by their paths from the root. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
]

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** A fenced block of a document. */
export interface Block {
  readonly path: string
  /** The line of its first fence, from 1. */
  readonly line: number
  readonly language: string
  /** The rest of the fence's line: what tests have to know. */
  readonly info: string
  readonly text: string
}

export function blocksOf(path: string): Block[] {
  const markdown = read(path)
  return Array.from(markdown.matchAll(/^```(\S+) ?(.*)\n([^]*?)^```$/gm), (match) => {
    const [, language = '', info = '', text = ''] = match
    return { path, line: markdown.slice(0, match.index).split('\n').length, language, info, text }
  })
}

/** The text of a document below a heading, up to the next one of its kind. */
export function sectionOf(path: string, heading: string): string {
  const [, after = ''] = read(path).split(`\n## ${heading}\n`)
  return after.split(/^## /m)[0] as string
}

/** The cells of every row of a document's tables, without the heads. */
export const rowsOf = (path: string): string[][] => rowsIn(read(path))

/** The cells of every row of the tables in a text, without the heads. */
export function rowsIn(text: string): string[][] {
  return text
    .split('\n')
    .filter((line, index, lines) => line.startsWith('|') && !isHead(line) && !isHead(lines[index + 1] ?? ''))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

const isHead = (line: string): boolean => /^\|[-|]+\|$/.test(line)

/** What stands in backticks in a cell. */
export const codeIn = (cell: string): string[] =>
  Array.from(cell.matchAll(/`([^`]+)`/g), ([, code = '']) => code)
