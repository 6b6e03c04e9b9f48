import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseThresholds, reaches } from './thresholds.ts'
import { thrown } from './testing/thrown.ts'

describe('a threshold', () => {
  it.each([
    [0.07, 100, 7],
    [0.1, 3, 1],
    [0.29, 100, 29],
    [0.8, 5, 4],
    [0.999, 1000, 999],
    [1, 1, 1],
    [1e-7, 10_000_000, 1],
    [1e-7, 10_000_001, 2],
    [5e-324, 10, 1],
    [1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [0.5, Number.MAX_SAFE_INTEGER, 2 ** 52],
  ])('%d of %d is come to by %d units', (threshold, limit, units) => {
    expect([reaches(units - 1, threshold, limit), reaches(units, threshold, limit)]).toEqual([false, true])
  })

  it('is come to exactly as the decimal says that was written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 15 }),
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
        fc.integer({ min: -2, max: 2 }),
        (digits, given, limit, off) => {
          const scale = 10n ** BigInt(digits)
          const part = (given % scale) + 1n
          const threshold = Number(`${part}e-${digits}`)
          // The least number of units that is not below `part / scale` of the limit.
          const units = Number((part * BigInt(limit) + scale - 1n) / scale)
          const used = Math.min(limit, Math.max(0, units + off))
          expect(reaches(used, threshold, limit)).toBe(used >= units)
        },
      ),
      { numRuns: 20_000 },
    )
  })

  it('is never come to by what uses nothing', () => {
    for (const limit of [0, 1, 100]) expect(reaches(0, 0.5, limit)).toBe(false)
    expect(reaches(-3, 0.5, 100)).toBe(false)
  })

  it('of a limit that another store tells in parts is come to all the same', () => {
    expect([reaches(7.4, 0.5, 15), reaches(7.5, 0.5, 15), reaches(8, 0.5, 15.5)]).toEqual([false, true, true])
  })
})

describe('warnAt', () => {
  it.each([
    [undefined, []],
    [0.8, [0.8]],
    [[], []],
    [
      [1, 0.5, 0.8, 0.5],
      [0.5, 0.8, 1],
    ],
  ])('%o has the thresholds %o', (value, thresholds) => {
    expect(parseThresholds('warnAt', value)).toEqual(thresholds)
  })

  it.each([
    [0, 'RangeError'],
    [-0.5, 'RangeError'],
    [1.1, 'RangeError'],
    [80, 'RangeError'],
    [Number.NaN, 'RangeError'],
    ['0.8', 'TypeError'],
    [null, 'TypeError'],
    [[0.5, true], 'TypeError'],
    [[[0.5]], 'TypeError'],
  ])('%o is refused', (value, kind) => {
    const message = 'warnAt must be above 0 and at most 1, or a list of such numbers, got '
    expect(thrown(() => parseThresholds('warnAt', value))).toMatch(`${kind}: ${message}`)
  })
})
