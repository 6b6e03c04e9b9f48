import { createReadStream } from 'node:fs'

export interface Line {
  readonly number: number
  readonly text: string
  /** How much of the file was read by then. */
  readonly bytes: number
}

/** A server cuts requests at 8 or 16 kB; what goes on for longer is no log, and is not gathered. */
const longest = 65_536

/** The lines of a file of any size, read piece by piece. Bytes become characters of the same number. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  const stream = createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 18 })
  let number = 0
  let rest = ''
  for await (const part of stream as AsyncIterable<string>) {
    const lines = (rest + part).split('\n')
    rest = (lines.pop() ?? '').slice(0, longest)
    for (const text of lines) yield { number: ++number, text, bytes: stream.bytesRead }
  }
  if (rest !== '') yield { number: ++number, text: rest, bytes: stream.bytesRead }
}
