import { describe, expect, it } from 'vitest'
import type { Algorithm } from '../algorithm.ts'
import { thrown } from '../testing/thrown.ts'
import { calendarWindow } from './calendar-window.ts'
import { concurrency } from './concurrency.ts'
import { fixedWindow } from './fixed-window.ts'
import { gcra } from './gcra.ts'
import { leakyBucket } from './leaky-bucket.ts'
import { slidingLog } from './sliding-log.ts'
import { slidingWindow } from './sliding-window.ts'
import { tokenBucket } from './token-bucket.ts'

interface Factory {
  make: (options: never) => Algorithm
  good: Record<string, unknown>
  /** Whole numbers: the least and the most. */
  numbers: Record<string, readonly [min: number, max: number]>
  durations: readonly string[]
  /** Options that need one of a list. */
  words: readonly string[]
  /** A slip of the pen, and what was meant. */
  slip: readonly [typed: string, meant: string]
}

const MOST = Number.MAX_SAFE_INTEGER
const fromZero = [0, MOST] as const
const inWindow = { good: { limit: 3, window: '1m' }, numbers: { limit: fromZero }, durations: ['window'] }

const factories: Record<string, Factory> = {
  fixedWindow: { make: fixedWindow, ...inWindow, words: ['align'], slip: ['windw', 'window'] },
  slidingWindow: { make: slidingWindow, ...inWindow, words: ['strict'], slip: ['winodw', 'window'] },
  slidingLog: { make: slidingLog, ...inWindow, words: [], slip: ['limits', 'limit'] },
  tokenBucket: {
    make: tokenBucket,
    good: { capacity: 3, refill: 1, per: '1s' },
    numbers: { capacity: fromZero, refill: [1, MOST] },
    durations: ['per'],
    words: [],
    slip: ['capasity', 'capacity'],
  },
  leakyBucket: {
    make: leakyBucket,
    good: { capacity: 3, leak: 1, per: '1s' },
    numbers: { capacity: fromZero, leak: [1, MOST] },
    durations: ['per'],
    words: [],
    slip: ['leaks', 'leak'],
  },
  gcra: {
    make: gcra,
    good: { limit: 3, window: '1s', burst: 5 },
    numbers: { limit: [1, MOST], burst: fromZero },
    durations: ['window'],
    words: [],
    slip: ['bursts', 'burst'],
  },
  calendarWindow: {
    make: calendarWindow,
    good: { limit: 3, every: 'month' },
    numbers: { limit: fromZero, startDay: [1, 31] },
    durations: [],
    words: ['every'],
    slip: ['timezone', 'timeZone'],
  },
  concurrency: {
    make: concurrency,
    good: { limit: 3, ttl: '30s' },
    numbers: { limit: fromZero },
    durations: ['ttl'],
    words: [],
    slip: ['ttlMs', 'ttl'],
  },
}

describe.each(Object.entries(factories))('%s', (name, { make, good, numbers, durations, words, slip }) => {
  const error = (options: unknown): string | undefined => thrown(() => make(options as never))
  const withOption = (option: string, value: unknown): string | undefined =>
    error({ ...good, [option]: value })

  it('takes good options', () => {
    expect(error(good)).toBeUndefined()
  })

  it.each(Object.entries(numbers))('says from where to where %s goes', (option, [min, max]) => {
    for (const value of [min - 1, -1, max + 1, 1.5, NaN, Infinity, -Infinity]) {
      expect(withOption(option, value)).toBe(
        `RangeError: ${option} must be a whole number from ${min} to ${max}, got ${value}`,
      )
    }
    for (const value of ['3', true, {}, [], () => 3]) {
      expect(withOption(option, value)).toMatch(
        new RegExp(`^TypeError: ${option} must be a whole number from ${min} to ${max}, got `),
      )
    }
    expect(withOption(option, min)).toBeUndefined()
  })

  it.each(durations)('says how long %s may be', (option) => {
    for (const value of [0, -1, 1.5, NaN, Infinity, 3660 * 86_400_000 + 1]) {
      expect(withOption(option, value)).toMatch(
        new RegExp(`^RangeError: ${option} must be from 1 ms to 10 years.*, got ${value}$`),
      )
    }
    for (const value of ['', '1', '0s', '-1s', '1 m', '1min', '1e3s', '3661d', '1.5ms', 'm', 'one minute']) {
      expect(withOption(option, value)).toMatch(new RegExp(`^RangeError: ${option} .*, got '${value}'$`))
    }
    for (const value of [undefined, null, true, {}, []]) {
      expect(withOption(option, value)).toMatch(new RegExp(`^TypeError: ${option} must be from 1 ms`))
    }
  })

  it.each(words)('says which words %s knows', (option) => {
    for (const value of ['sometimes', 1, {}]) {
      expect(withOption(option, value)).toMatch(new RegExp(`^TypeError: ${option} must be .*, got `))
    }
  })

  it.each(Object.keys(good).filter((option) => option !== 'burst'))(
    'needs %s, which has no default',
    (option) => {
      expect(withOption(option, undefined)).toMatch(
        new RegExp(`^TypeError: ${option} must be .*, got undefined$`),
      )
    },
  )

  it('suggests what was meant by a slip of the pen', () => {
    const [typed, meant] = slip
    expect(withOption(typed, 1)).toBe(
      `TypeError: ${name} has no option '${typed}': did you mean \`${meant}\`?`,
    )
  })

  it('says what it has where nothing is near', () => {
    const message = withOption('colour', 'red') ?? ''
    expect(message).toMatch(`TypeError: ${name} has no option 'colour'`)
    for (const option of Object.keys(good)) expect(message).toMatch(option)
  })

  it.each([
    ['windowMs', 'express-rate-limit', 'window: 60000'],
    ['max', 'another library', 'limit'],
    ['keyGenerator', 'another library', 'key'],
    ['points', 'rate-limiter-flexible', 'limit'],
    ['db', 'koa-ratelimit', 'store'],
  ])('says whose name %s is', (option, library, ours) => {
    expect(withOption(option, 1)).toBe(
      `TypeError: ${name} has no option '${option}': \`${option}\` is ${library}'s name; write \`${ours}\``,
    )
  })

  it('takes an object of options, and nothing else', () => {
    for (const options of [undefined, null, 3, '1m', true])
      expect(error(options)).toMatch(`TypeError: what ${name} takes`)
  })
})
