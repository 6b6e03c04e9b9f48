import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs, functionOf, knownOptions, oneOf, shown, wholeNumber } from './check.ts'
import { thrown } from './testing/thrown.ts'

describe('a value in a message', () => {
  it.each([
    ['text', "'text'"],
    ['', "''"],
    ['x'.repeat(61), `'${'x'.repeat(60)}'`],
    ['no\nline\u001b[2J', "'no?line?[2J'"],
    [42, '42'],
    [NaN, 'NaN'],
    [undefined, 'undefined'],
    [null, 'null'],
    [true, 'true'],
    [[1, 2], 'an array'],
    [{ secret: 1 }, 'an object'],
    [Object.create(null), 'an object'],
    [() => 'secret', 'a function'],
    [Symbol('mark'), 'Symbol(mark)'],
  ])('%# is short, and gives away nothing that is inside of it', (value, text) => {
    expect(shown(value)).toBe(text)
  })
})

describe('a whole number', () => {
  it('is taken within its range, both ends included', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), fc.maxSafeInteger(), (value, one, other) => {
        const [min, max] = [Math.min(one, other), Math.max(one, other)]
        const good = value >= min && value <= max
        expect(thrown(() => wholeNumber('it', value, min, max)) === undefined).toBe(good)
        expect([wholeNumber('it', min, min, max), wholeNumber('it', max, min, max)]).toEqual([min, max])
      }),
    )
  })

  it('is never negative zero', () => {
    expect(Object.is(wholeNumber('it', -0), 0)).toBe(true)
  })
})

describe('a duration', () => {
  it.each([
    [1, 1],
    ['1ms', 1],
    ['250ms', 250],
    ['10s', 10_000],
    ['1m', 60_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['3660d', 316_224_000_000],
    [316_224_000_000, 316_224_000_000],
  ])('%s is %d ms', (duration, ms) => {
    expect(durationMs('window', duration)).toBe(ms)
  })

  it('is the same as text and as a number', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.entries(units)),
        fc.integer({ min: 1, max: 3660 }),
        ([unit, ms], n) => {
          expect(durationMs('window', `${n}${unit}`)).toBe(durationMs('window', n * ms))
        },
      ),
    )
  })

  it('of any other text is refused', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d/.test(text))
        expect(thrown(() => durationMs('window', text))).toMatch(/^RangeError: window must be from 1 ms/)
      }),
    )
  })
})

describe('one of a list, and a function', () => {
  it('are taken as they are, or refused with what they must be', () => {
    expect(oneOf('mode', 'shadow', ['enforce', 'shadow'])).toBe('shadow')
    expect(thrown(() => oneOf('mode', 'Shadow', ['enforce', 'shadow']))).toBe(
      "TypeError: mode must be one of 'enforce', 'shadow', got 'Shadow'",
    )
    const run = (): number => 1
    expect(functionOf('clock', run)).toBe(run)
    expect(thrown(() => functionOf('clock', 'noon'))).toBe("TypeError: clock must be a function, got 'noon'")
  })
})

describe('options that nobody reads', () => {
  const known = ['limit', 'window', 'timeZone']
  const hint = (name: string): string | undefined => thrown(() => knownOptions('it', { [name]: 1 }, known))

  it.each([
    ['windw', 'window'],
    ['windwo', 'window'],
    ['windoww', 'window'],
    ['wino', 'window'],
    ['timezone', 'timeZone'],
    ['limits', 'limit'],
  ])('%s was meant to be %s', (typed, meant) => {
    expect(hint(typed)).toBe(`TypeError: it has no option '${typed}': did you mean \`${meant}\`?`)
  })

  it.each(['indow', 'wimdow', 'colour', '__proto__x', 'constructor', 'toString', 'wndw'])(
    '%j is like none, so all are listed',
    (typed) => {
      expect(hint(typed)).toMatch(/limit, window, timeZone$/)
    },
  )

  it.each([
    ['windowMs', 'window: 60000', 'express-rate-limit'],
    ['points', 'limit', 'rate-limiter-flexible'],
    ['db', 'store', 'koa-ratelimit'],
    ['max', 'limit'],
    ['keyGenerator', 'key'],
    ['id', 'key'],
    ['handler', 'respond'],
    ['onLimited', 'respond'],
    ['throw', 'respond'],
    ['statusCode', 'status'],
    ['errorMessage', 'message'],
    ['legacyHeaders', 'headers'],
    ['standardHeaders', 'headers'],
    ['disableHeader', 'headers: false'],
    ['identifier', 'name'],
    ['retryAfter', 'retryAfterSpread'],
    ['requestPropertyName', 'property'],
    ['skipFailedRequests', "refundWhen: 'failed'"],
    ['skipSuccessfulRequests', "refundWhen: 'successful'"],
    ['requestWasSuccessful', 'refundWhen'],
    ['ipv6Subnet', 'byIp({ ipv6Prefix })'],
    ['passOnStoreError', "onStoreError: 'allow'"],
    ['insuranceLimiter', 'onStoreError'],
    ['logger', 'on'],
    ['delayAfter', 'delay'],
    ['delayMs', 'delay'],
    ['maxDelayMs', 'delay'],
    ['execEvenly', 'delay'],
    ['whitelist', 'skip'],
    ['whiteList', 'skip'],
    ['blacklist', 'deny'],
    ['blackList', 'deny'],
    ['driver', 'store'],
    ['storeClient', 'store'],
    ['namespace', 'redisStore(client, { prefix })'],
    ['keyPrefix', 'redisStore(client, { prefix })'],
    ['inMemoryBlockOnConsumed', 'redisStore(client, { denyCache })'],
  ])('%s is what another library calls %s', (theirs, ours, library = 'another library') => {
    expect(hint(theirs)).toBe(
      `TypeError: it has no option '${theirs}': \`${theirs}\` is ${library}'s name; write \`${ours}\``,
    )
  })

  it('are of two units where two libraries have the name', () => {
    expect(hint('duration')).toMatch("write `window: '60s'`")
  })

  it('are looked for among own names only, and undefined ones count too', () => {
    expect(thrown(() => knownOptions('it', Object.create({ windw: 1 }), known))).toBeUndefined()
    expect(thrown(() => knownOptions('it', { windw: undefined }, known))).toMatch('windw')
    expect(thrown(() => knownOptions('it', { limit: 1, window: 1 }, known))).toBeUndefined()
  })
})
