import { createHash, createHmac } from 'node:crypto'

import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { hashSecret, hmacPartitionKey as hmac } from './partition-key.ts'

const secret = 'k'.repeat(32)
const hmacPartitionKey = (given: string | Uint8Array): ReturnType<typeof hmac> =>
  hmac(given, 'policies[0].partitionKey.secret')

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each(['Node', 'WebCrypto'])('by %s', (platform) => {
  /** Node's own crypto is there from 20.16 on; edges have WebCrypto and perhaps no process at all. */
  function usePlatform(): void {
    const getBuiltinModule = platform === 'Node' ? () => ({ createHash, createHmac }) : undefined
    vi.stubGlobal('process', { getBuiltinModule })
  }

  it('S16: hmacPartitionKey gives 12 characters of base64', async () => {
    usePlatform()
    expect(await hmacPartitionKey(secret)('user:42')).toBe('n/k6QK3I1AmO')
    expect(await hmacPartitionKey(new TextEncoder().encode(secret))('user:42')).toBe('n/k6QK3I1AmO')
  })

  it('hmacPartitionKey equals what Node computes, for any key and however often it is asked', async () => {
    usePlatform()
    const partitionKey = hmacPartitionKey(secret)
    const theirs = (key: string) =>
      createHmac('sha256', secret).update(key).digest().subarray(0, 9).toString('base64')
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), async (key) => {
        expect([await partitionKey(key), await partitionKey(key)]).toEqual([theirs(key), theirs(key)])
      }),
    )
  })

  it('hashSecret is the beginning of SHA-256 as base64url', async () => {
    usePlatform()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 3000 }), async (value) => {
        const theirs = createHash('sha256').update(value).digest('base64url').slice(0, 22)
        expect(await hashSecret(value)).toBe(theirs)
      }),
      { examples: [[''], ['half of a pair: \ud83d']] },
    )
  })

  it('answers at once with Node, and with a promise else', () => {
    usePlatform()
    const isText = platform === 'Node'
    expect(typeof hashSecret('a') === 'string').toBe(isText)
    expect(typeof hmacPartitionKey(secret)('a') === 'string').toBe(isText)
  })
})

it('does without a process, and without a crypto module of the process', async () => {
  const expected = await hashSecret('hunter2')
  for (const process of [undefined, {}, { getBuiltinModule: () => undefined }]) {
    vi.stubGlobal('process', process)
    const hash = hashSecret('hunter2')
    // The test runner needs its process.
    vi.unstubAllGlobals()
    expect(await hash).toBe(expected)
  }
})

it('hmacPartitionKey refuses a secret of less than 16 bytes', async () => {
  expect(() => hmacPartitionKey('k'.repeat(15))).toThrow(
    new RangeError('policies[0].partitionKey.secret must be at least 16 bytes, got 15'),
  )
  expect(await hmacPartitionKey('é'.repeat(8))('a')).toHaveLength(12)
})

it('hmacPartitionKey keeps its own copy of the secret', async () => {
  const bytes = new TextEncoder().encode(secret)
  const partitionKey = hmacPartitionKey(bytes)
  bytes.fill(0)
  expect(await partitionKey('user:42')).toBe('n/k6QK3I1AmO')
})
