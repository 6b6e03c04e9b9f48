/** How often, and from which seed, properties are tried. */

import fc from 'fast-check'
import { vi } from 'vitest'

const seed = process.env['CI'] ? 20261122 : Date.now() % 2 ** 31

const runs: number = Number(process.env['LAW_RUNS'] ?? 10_000)

// A busy machine, or many more histories than usual, are no failure.
vi.setConfig({ testTimeout: 600_000 })

console.log(`laws: ${runs} histories each from seed ${seed}`)

/** Tries a property on random values; on those first that once found it broken. */
export function holds<T>(
  values: fc.Arbitrary<T>,
  check: (value: T) => void,
  examples: readonly T[] = [],
): void {
  fc.assert(fc.property(values, check), {
    numRuns: runs + examples.length,
    seed,
    examples: examples.map((example): [T] => [example]),
  })
}
