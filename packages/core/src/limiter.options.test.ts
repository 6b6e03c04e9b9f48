import { describe, expect, it, vi } from 'vitest'
import type { Algorithm } from './algorithm.ts'
import { slidingLog } from './algorithms/sliding-log.ts'
import { createLimiter } from './limiter.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { thrown } from './testing/thrown.ts'

const algorithm = slidingLog({ limit: 3, window: '1m' })
const error = (options: unknown): string | undefined => thrown(() => createLimiter(options as never))
const ofPolicies = (...policies: unknown[]): string | undefined => error({ policies })

describe('createLimiter', () => {
  it.each<[unknown, string | RegExp]>([
    [undefined, 'TypeError: what createLimiter takes must be an object'],
    [null, 'TypeError: what createLimiter takes must be an object'],
    [100, 'TypeError: what createLimiter takes must be an object'],
    [{}, 'TypeError: limit must be a whole number from 0 to 9007199254740991, got undefined'],
    [{ limit: 100 }, /^TypeError: window must be from 1 ms .*, got undefined$/],
    [{ window: '1m' }, 'TypeError: limit must be a whole number from 0 to 9007199254740991, got undefined'],
    [
      { limit: -1, window: '1m' },
      'RangeError: limit must be a whole number from 0 to 9007199254740991, got -1',
    ],
    [{ limit: 1, window: 0 }, /^RangeError: window must be from 1 ms to 10 years.*, got 0$/],
    [{ algorithm, limit: 1 }, /^TypeError: algorithm and limit exclude each other/],
    [{ algorithm, window: 1 }, /^TypeError: algorithm and window exclude each other/],
    [
      { algorithm: 'tokenBucket' },
      /^TypeError: algorithm must be an algorithm such as .*, got 'tokenBucket'$/,
    ],
    [{ algorithm: null }, /^TypeError: algorithm must be an algorithm such as .*, got null$/],
    [{ algorithm: slidingLog }, /^TypeError: algorithm must be an algorithm such as .*, got a function$/],
    [{ algorithm, policies: [] }, /^TypeError: policies and algorithm exclude each other/],
    [{ policies: [{ algorithm }], mode: 'shadow' }, /^TypeError: policies and mode exclude each other/],
    [{ algorithm, mode: 'Shadow' }, "TypeError: mode must be one of 'enforce', 'shadow', got 'Shadow'"],
    [
      { algorithm, store: 'redis' },
      /^TypeError: store must be a store such as memoryStore\(\), got 'redis'$/,
    ],
    [{ algorithm, store: null }, /^TypeError: store must be a store such as .*, got null$/],
    [{ algorithm, store: {} }, /^TypeError: store must be a store such as .*, got an object$/],
    [{ algorithm, shared: 'yes' }, /^TypeError: shared must be one of true, false, got 'yes'$/],
    [{ algorithm, on: 'reset' }, /^TypeError: what on takes must be an object, got 'reset'$/],
    [{ algorithm, on: { policyrest: 1 } }, /^TypeError: on has no option 'policyrest'/],
    [{ algorithm, on: { policyReset: 1 } }, /^TypeError: on.policyReset must be a function, got 1$/],
  ])('refuses %o', (options, message) => {
    expect(error(options)).toMatch(message)
  })

  it.each([
    ['windw', 'did you mean `window`?'],
    ['polices', 'did you mean `policies`?'],
    ['stor', 'did you mean `store`?'],
    ['windowMs', "`windowMs` is express-rate-limit's name; write `window: 60000`"],
    ['max', "`max` is another library's name; write `limit`"],
    ['points', "`points` is rate-limiter-flexible's name; write `limit`"],
    [
      'duration',
      "`duration` is seconds in rate-limiter-flexible and milliseconds in koa-ratelimit; write `window: '60s'`",
    ],
    ['db', "`db` is koa-ratelimit's name; write `store`"],
  ])('has no option %s, and says what to write', (name, hint) => {
    expect(error({ limit: 100, window: '1m', [name]: 1 })).toBe(
      `TypeError: createLimiter has no option '${name}': ${hint}`,
    )
  })
})

describe('a list of policies', () => {
  it.each<[unknown, RegExp]>([
    [[], /^TypeError: policies must be a list of at least one policy, got an array$/],
    [{}, /^TypeError: policies must be a list of at least one policy, got an object$/],
    ['a', /^TypeError: policies must be a list/],
    [null, /^TypeError: policies must be a list/],
  ])('is not %o', (policies, message) => {
    expect(error({ policies })).toMatch(message)
  })

  it('says which policy is wrong', () => {
    const good = { name: 'a', algorithm }
    expect(ofPolicies(good, null)).toMatch(
      /^TypeError: what policies\[1\] takes must be an object, got null$/,
    )
    expect(ofPolicies(good, { name: 'b' })).toMatch(
      /^TypeError: policies\[1\]\.limit must be .*, got undefined$/,
    )
    expect(ofPolicies(good, { name: 'b', limit: 1, window: '1' })).toMatch(
      /^RangeError: policies\[1\]\.window/,
    )
    expect(ofPolicies(good, { name: 'b', algorithm: 1 })).toMatch(
      /^TypeError: policies\[1\]\.algorithm must be/,
    )
    expect(ofPolicies({ ...good, mode: 'off' })).toMatch(
      /^TypeError: policies\[0\]\.mode must be .*, got 'off'$/,
    )
    expect(ofPolicies({ ...good, windw: 1 })).toMatch(/^TypeError: policies\[0\] has no option 'windw'/)
    expect(ofPolicies({ ...good, store: 1 })).toMatch(/^TypeError: policies\[0\] has no option 'store'/)
    expect(ofPolicies({ ...good, limit: 1 })).toMatch(/algorithm and limit exclude each other/)
  })

  it('has every name once', () => {
    expect(ofPolicies({ name: 'a', algorithm }, { name: 'a', algorithm })).toMatch(
      /^TypeError: policies\[1\]\.name .*'a'/,
    )
    expect(ofPolicies({ algorithm }, { algorithm })).toMatch(/policies\[1\]\.name .*'default'/)
  })

  it.each(['', 'é', 'a\nb', 'a\tb', '🔑', '\x7f', 'x'.repeat(101), 5, null, {}])(
    'has no policy that is named %j, which no header could carry',
    (name) => {
      expect(ofPolicies({ name, algorithm })).toMatch(
        /^TypeError: policies\[0\]\.name must be 1 to 100 printable ASCII characters, got /,
      )
    },
  )

  it('takes any name of printable ASCII', () => {
    const all = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')
    for (const name of [all, ' ', '"\\', '__proto__', 'constructor', 'x'.repeat(100)]) {
      const limiter = createLimiter({ policies: [{ name, algorithm }] })
      expect(limiter.take('ada').policies).toMatchObject([{ name, used: 1 }])
      expect(limiter.take('ada', { cost: { [name]: 2 } })).toMatchObject({ policy: name, used: 3 })
    }
  })
})

describe('what is checked', () => {
  it('is an algorithm of anybody: what counts is what it can do', () => {
    const mine: Algorithm = { ...algorithm, kind: 'mine', limit: 1 }
    expect(createLimiter({ algorithm: mine }).take('ada').allowed).toBe(true)
    for (const other of [{ ...algorithm, look: undefined }, slidingLog, {}, 'slidingLog', null]) {
      expect(error({ algorithm: other })).toMatch(/^TypeError: algorithm must be/)
    }
  })

  it('costs the store nothing where it is refused', () => {
    const store = { ...memoryStore(), open: vi.fn<Store['open']>(memoryStore().open) }
    expect(error({ store, policies: [{ name: 'a', algorithm }, { name: 'b' }] })).toMatch(/^TypeError/)
    expect(store.open).not.toHaveBeenCalled()
  })
})
