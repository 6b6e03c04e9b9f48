import { contenders } from './contenders.ts'

/** How a contender did: nanoseconds a call in each round, and whether it admitted what it should. */
interface Row {
  readonly name: string
  readonly rounds: number[]
  isRight: boolean
}

export interface MemoryOptions {
  /** Different keys. */
  keys: number
  /** Calls of each contender in each round. */
  calls: number
  /** Rounds, in which all contenders take their turn, so that noise meets them alike. */
  rounds: number
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

/** Times contenders in interleaved rounds. With `limit` 0 every call is refused. */
async function race(limit: number, { keys, calls, rounds }: MemoryOptions): Promise<Row[]> {
  const names = Array.from({ length: keys }, (_, index) => `user:${index}`)
  const list = Array.from({ length: calls }, (_, index) => names[(index * 7919) % keys] as string)
  const expected = limit > 0 ? calls : 0
  const runners = contenders(limit > 0 ? calls * (rounds + 2) : 0)
  const rows = runners.map(({ name }): Row => ({ name, rounds: [], isRight: true }))
  for (let round = -1; round < rounds; round++) {
    for (const [index, runner] of runners.entries()) {
      const row = rows[index] as Row
      const start = process.hrtime.bigint()
      const allowed = await runner.run(list)
      const spent = Number(process.hrtime.bigint() - start) / calls
      if (allowed !== expected) row.isRight = false
      // The first round warms up.
      if (round >= 0) row.rounds.push(spent)
    }
  }
  return rows
}

/** Races the memory stores, allowed and refused, and prints medians beside the floor. */
export async function memory(options: MemoryOptions): Promise<void> {
  for (const [title, limit] of [
    ['allowed', 1],
    ['refused', 0],
  ] as const) {
    console.log(
      `\nmemory, ${title}, ${options.keys} keys, ${options.calls} calls a round, ${options.rounds} rounds`,
    )
    const rows = await race(limit, options)
    const base = median(rows[0]?.rounds ?? [])
    for (const { name, rounds, isRight } of rows) {
      const [middle, low, high] = [median(rounds), Math.min(...rounds), Math.max(...rounds)]
      const ratio = `${(middle / base).toFixed(2)} x`
      const spread = `${low.toFixed(0)}-${high.toFixed(0)}`
      const wrong = isRight ? '' : '  (admitted a wrong number: not comparable)'
      console.log(
        `  ${name.padEnd(34)}${middle.toFixed(0).padStart(6)} ns  ${ratio.padStart(8)}  ${spread.padStart(11)}${wrong}`,
      )
    }
  }
}
