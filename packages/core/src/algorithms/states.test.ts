import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { denied, oneKey } from '../testing/one-key.ts'
import { calendarWindow } from './calendar-window.ts'
import { concurrency } from './concurrency.ts'
import { fixedWindow } from './fixed-window.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'

const noon = Date.UTC(2026, 5, 1, 12)
const MINUTE = 60_000
const DAY = 86_400_000

/** Each algorithm, its kind and the numbers that a twin gets, and its state after a charge of 3 at noon. */
const algorithms: [string, Algorithm, kind: string, args: readonly number[], text: string][] = [
  [
    'fixedWindow',
    fixedWindow({ limit: 5, window: '1s' }),
    'fixedWindow',
    [5, 1000, 0, MINUTE],
    `${noon},3,1000`,
  ],
  [
    "fixedWindow with align: 'clock'",
    fixedWindow({ limit: 5, window: '1h', align: 'clock' }),
    'fixedWindow',
    [5, 3_600_000, 1, 3_600_000],
    `${noon},3,3600000`,
  ],
  [
    'slidingWindow',
    slidingWindow({ limit: 5, window: '1s' }),
    'slidingWindow',
    [5, 1000, 1, MINUTE],
    `${noon},0,3,1000`,
  ],
  [
    'slidingWindow with strict: true',
    slidingWindow({ limit: 5, window: 995, strict: true }),
    'slidingWindowStrict',
    [5, 995, 100, MINUTE],
    `${noon},995,3`,
  ],
  [
    'slidingLog',
    slidingLog({ limit: 5, window: '2m' }),
    'slidingLog',
    [5, 120_000, 120_000],
    `120000,${noon},3`,
  ],
  [
    'tokenBucket',
    tokenBucket({ capacity: 5, refill: 4, per: '1s' }),
    'tokenBucket',
    [1250, 250, 1, MINUTE],
    `750,${noon},250,1`,
  ],
  [
    'calendarWindow',
    calendarWindow({ limit: 5, every: 'day' }),
    'calendarWindow',
    [5, DAY, ...[-1.5, -0.5, 0.5, 1.5, 2.5, 3.5].map((days) => noon + days * DAY), 0, 0, 0, 0],
    `${noon - 0.5 * DAY},${noon + 0.5 * DAY},3`,
  ],
  [
    'calendarWindow with rollover',
    calendarWindow({ limit: 5, every: 'day', rollover: 0.5 }),
    'calendarWindow',
    [
      5,
      DAY,
      ...[-1.5, -0.5, 0.5, 1.5, 2.5, 3.5].map((days) => noon + days * DAY),
      2,
      ...[-2.5, 4.5, 5.5].map((days) => noon + days * DAY),
    ],
    `${noon - 0.5 * DAY},${noon + 0.5 * DAY},3,0,${noon + 2.5 * DAY}`,
  ],
  ['concurrency', concurrency({ limit: 5, ttl: '1s' }), 'concurrency', [5, 1000], `${noon + 1000},1000,3`],
]

describe.each(algorithms)('%s', (_, algorithm, kind, args, text) => {
  it('gives a twin its name and its numbers', () => {
    expect([algorithm.kind, algorithm.args(noon)]).toEqual([kind, args])
  })

  it('is written as whole numbers with commas, and read back as it was', () => {
    const key = oneKey(algorithm)
    key.take(noon, 3)
    expect(key.text()).toBe(text)
    expect(algorithm.encode(algorithm.decode(text))).toBe(text)
    const read = oneKey(algorithm, algorithm.decode(text))
    expect(read.ask(noon + 100, 2)).toEqual(key.ask(noon + 100, 2))
    expect(read.ttlMs(noon)).toBe(key.ttlMs(noon))
    expect(read.ttlMs(noon)).toBeGreaterThan(0)
  })

  it('takes a text that it never wrote as a key never seen', () => {
    const parts = text.split(',')
    const words = [
      '',
      ',',
      'null',
      '{}',
      'NaN',
      'Infinity',
      '1e3',
      '0x10',
      ' ',
      '-1',
      '1.5',
      '9007199254740993',
    ]
    const badParts = ['-1', '1.5', '', ' 3', 'x', '1e3', '9007199254740993'].flatMap((bad) =>
      parts.map((__, index) => parts.with(index, bad).join(',')),
    )
    const cut = [parts.slice(1), parts.slice(0, -1)].map((some) => some.join(','))
    const garbage = [...words, ...badParts, ...cut, `${text},`, `,${text}`, `${text}\n`]
    for (const wrong of garbage) {
      const key = oneKey(algorithm, algorithm.decode(wrong))
      expect([wrong, key.ttlMs(noon) <= 0, /^[\d,]*$/.test(key.text())]).toEqual([wrong, true, true])
      expect([wrong, key.take(noon, 5).allowed, key.take(noon).allowed]).toEqual([wrong, true, false])
    }
  })

  it('takes a charge of nothing as a key never seen', () => {
    expect(algorithm.ttlMs(algorithm.fresh(noon), noon)).toBeLessThanOrEqual(0)
    expect(oneKey(algorithm, algorithm.fresh(noon)).ask(noon, 5)).toEqual(oneKey(algorithm).ask(noon, 5))
  })

  it('is not changed by a take that is refused while it holds nothing', () => {
    const key = oneKey(algorithm)
    key.take(noon, 3)
    key.refund(noon, 3, noon)
    const empty = key.text()
    expect(key.take(noon, 6)).toMatchObject(denied(5, Infinity, 0))
    expect(key.text()).toBe(empty)
  })

  it('matters exactly as long as it says', () => {
    const key = oneKey(algorithm)
    key.take(noon, 3)
    const end = noon + key.ttlMs(noon)
    expect(key.ttlMs(end)).toBe(0)
    for (const cost of [0, 1, 5, 6]) expect(key.ask(end, cost)).toEqual(oneKey(algorithm).ask(end, cost))
    expect(key.ask(end - 1, 0)).not.toEqual(oneKey(algorithm).ask(end - 1, 0))
  })
})
