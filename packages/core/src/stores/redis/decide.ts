import type { Charge, Ruling } from '../../store.ts'
import { isWhole } from '../../check.ts'
import type { Connection } from './connection.ts'
import { type DecideScript, decideScript, OPERATIONS } from './script.ts'

/** A key that outlives what a clock of tests calls an hour. */
const TEST_TTL_MS = 3_600_000

/** Values that each charge has in an answer. */
const VALUES = 6

/** Decides charges whose keys are in one slot, in one round trip, until `endMs` by `performance.now()`. */
export type Decide = (charges: readonly Charge[], endMs?: number) => Promise<Ruling>

/**
 * Makes what decides at a server.
 * @param keyOf names the state of a charge
 * @param clock the time in milliseconds, where it is not the server's
 */
export function createDecide(
  connection: Connection,
  keyOf: (charge: Charge) => string,
  clock: (() => number) | undefined,
): Decide {
  const scripts = new Map<string, DecideScript>()

  function scriptFor(charges: readonly Charge[]): DecideScript {
    const all = charges.map(({ slot }) => slot.algorithm.kind)
    const kinds = all.length > 1 ? [...new Set(all)].toSorted() : all
    const name = kinds.join()
    let script = scripts.get(name)
    if (script === undefined) scripts.set(name, (script = decideScript(kinds)))
    return script
  }

  return async function decide(charges, endMs = connection.deadline()) {
    const script = scriptFor(charges)
    const keys = charges.map(keyOf)
    // Calendars send the edges around the caller's time; where the server's is elsewhere, it says so, and is asked again.
    let aroundMs = clock === undefined ? Date.now() : Math.floor(clock())
    const now = clock === undefined ? ['', '0'] : [String(aroundMs), String(TEST_TTL_MS)]
    for (;;) {
      const args = [...now]
      for (const charge of charges) {
        const { slot, kind, cost, at, withinMs, upTo } = charge
        const { algorithm } = slot
        args.push(script.indexOf.get(algorithm.kind) as string, OPERATIONS[kind], String(cost))
        args.push(String(kind === 'refund' ? at : withinMs), String(upTo))
        for (const number of algorithm.args(aroundMs)) args.push(String(number))
      }
      const reply = wholeNumbers(await connection.run(script, keys, args, endMs), charges.length)
      if (reply[0] !== -1) return rulingOf(charges, reply)
      aroundMs = reply[1] as number
    }
  }
}

/** Fills in the answers of a reply. */
function rulingOf(charges: readonly Charge[], reply: readonly number[]): Ruling {
  charges.forEach((charge, index) => {
    const from = 2 + index * VALUES
    charge.allowed = reply[from] === 1
    charge.remaining = reply[from + 1] as number
    const retryAfterMs = reply[from + 2] as number
    charge.retryAfterMs = retryAfterMs < 0 ? Infinity : retryAfterMs
    const resetMs = reply[from + 3] as number
    charge.resetMs = resetMs < 0 ? Infinity : resetMs
    charge.cost = reply[from + 4] as number
    const limit = reply[from + 5] as number
    charge.limit = limit < 0 ? charge.slot.algorithm.limit : limit
  })
  return { allowed: reply[0] === 1, at: reply[1] as number, source: 'store' }
}

/** A script's answer; some clients write numbers as text. */
function wholeNumbers(reply: unknown, charges: number): readonly number[] {
  const numbers = Array.isArray(reply) ? reply.map(Number) : []
  const expected = numbers[0] === -1 ? 2 : 2 + charges * VALUES
  if (numbers.length !== expected || !numbers.every((number) => isWhole(number, -1)))
    throw new TypeError('the client of Redis gave no list of whole numbers for a script')
  return numbers
}
