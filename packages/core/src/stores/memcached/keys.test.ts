import { describe, expect, it } from 'vitest'
import { thrown } from '../../testing/thrown.ts'
import { explainedKey, itemKeys } from './keys.ts'

const keys = itemKeys('sluice', 250)
const keyOf = async (policy: string, kind: string, key: string): Promise<string> =>
  keys.keyOf(keys.stem(policy, kind), key)

const TEXTS = [
  '',
  'a',
  'a:b',
  'b',
  ':',
  '%',
  '%003A',
  '%#',
  '$&',
  'a b',
  'a\nb',
  'a\0b',
  'é',
  'e\u0301',
  '🔑',
  '\ud83d',
  '\ud800',
]

describe('the key of an item', () => {
  it('can be read', async () => {
    expect(await keyOf('burst', 'tokenBucket', 'user-42@example.com')).toBe(
      'sluice:burst:tokenBucket:user-42@example.com',
    )
    expect(await keyOf('per ip', 'fixedWindow', 'ip:1.2.3.4')).toBe(
      'sluice:per%0020ip:fixedWindow:ip%003a1.2.3.4',
    )
  })

  it('is that of no other policy, kind and key, nor of another prefix', async () => {
    const all = await Promise.all(
      ['x', 'x:y'].flatMap((prefix) =>
        TEXTS.flatMap((policy) =>
          TEXTS.flatMap((key) => {
            const of = itemKeys(prefix, 250)
            return ['fixedWindow', 'y'].map(async (kind) => of.keyOf(of.stem(policy, kind), key))
          }),
        ),
      ),
    )
    expect(new Set(all).size).toBe(2 * TEXTS.length * TEXTS.length * 2)
    for (const key of all) expect(key).toMatch(/^[!-#%-~]{1,250}$/)
  })

  it('is a digest where it would be too long, of another form than any other', async () => {
    const long = await Promise.all(
      ['x'.repeat(300), 'x'.repeat(301), 'é'.repeat(300), 'x'.repeat(10_000)].map((key) =>
        keyOf('p', 'k', key),
      ),
    )
    expect(new Set(long).size).toBe(4)
    for (const key of long) expect(key).toMatch(/^sluice:%#[0-9a-f]{64}$/)
    expect(await keyOf('p'.repeat(300), 'k', 'key')).toMatch(/^sluice:%#[0-9a-f]{64}$/)
    expect(await keyOf('p', 'k', 'x'.repeat(300))).toBe(long[0])
  })

  it('leaves room for what explains a tag, at every length', async () => {
    const longest = 2 ** 25
    for (let length = 200; length < 260; length++) {
      const key = await keyOf('policy', 'fixedWindow', 'x'.repeat(length))
      expect(explainedKey(key, longest).length).toBeLessThanOrEqual(250)
    }
  })

  it('of many long ones is right too', async () => {
    const first = await keyOf('p', 'k', `${'x'.repeat(300)}0`)
    for (let index = 1; index < 1500; index++) await keyOf('p', 'k', `${'x'.repeat(300)}${index}`)
    expect(await keyOf('p', 'k', `${'x'.repeat(300)}0`)).toBe(first)
  })

  it('keeps within the room that a client leaves', async () => {
    const few = itemKeys('app', 120)
    for (let length = 1; length < 200; length++)
      expect((await few.keyOf(few.stem('p', 'k'), 'x'.repeat(length))).length).toBeLessThanOrEqual(108)
    expect(thrown(() => itemKeys('app', 70))).toBe(
      "RangeError: prefix must be at most 0 bytes when encoded, got 'app'",
    )
  })

  it('has a prefix that is text, and not too long', () => {
    expect(thrown(() => itemKeys(5, 250))).toBe('TypeError: prefix must be text, got 5')
    expect(thrown(() => itemKeys('x'.repeat(172), 250))).toMatch(
      /^RangeError: prefix must be at most 171 bytes/,
    )
    expect(thrown(() => itemKeys('x'.repeat(171), 250))).toBeUndefined()
  })
})
