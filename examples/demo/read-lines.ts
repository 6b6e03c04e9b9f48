import { createReadStream } from 'node:fs'

export interface Line {
  readonly number: number
  readonly text: string
  /** Where in the file it ends. */
  readonly bytes: number
}

/** A server cuts requests at 8 or 16 kB; what goes on for longer is no log, and is not gathered. */
const longest = 65_536

/** What some editors put before UTF-8, as Latin-1 reads it. */
const byteOrderMark = /^\u00EF\u00BB\u00BF/

/** The lines of a file of any size, read piece by piece. Bytes become characters of the same number. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const stream = createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 18 })
  let number = 0
  let bytes = 0
  let rest = ''
  const lineOf = (text: string): Line => {
    bytes += text.length + 1
    const line = number++ === 0 ? text.replace(byteOrderMark, '') : text
    return { number, text: line.replace(/\r$/, ''), bytes }
  }
  for await (const part of stream as AsyncIterable<string>) {
    const lines = (rest + part).split('\n')
    rest = (lines.pop() ?? '').slice(0, longest)
    for (const text of lines) yield lineOf(text)
  }
  if (rest !== '') yield lineOf(rest)
}
