import { createHash, createHmac } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { hashSecret, hmacPartitionKey } from './partition-key.ts'

const secret = 'k'.repeat(32)

describe('hmacPartitionKey', () => {
  it('S16: gives 12 characters of base64', () => {
    expect(hmacPartitionKey(secret)('user:42')).toBe('n/k6QK3I1AmO')
  })

  it('equals what Node computes, for any key and however often it is asked', () => {
    const partitionKey = hmacPartitionKey(secret)
    const theirs = (key: string) =>
      createHmac('sha256', secret).update(key).digest().subarray(0, 9).toString('base64')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        expect([partitionKey(key), partitionKey(key)]).toEqual([theirs(key), theirs(key)])
      }),
    )
  })

  it('stays right when it has seen more keys than it remembers', () => {
    const partitionKey = hmacPartitionKey(secret)
    const keys = Array.from({ length: 1500 }, (_, index) => `user:${index}`)
    const first = keys.map(partitionKey)
    expect(keys.map(partitionKey)).toEqual(first)
    expect(new Set(first).size).toBe(1500)
  })

  it('takes bytes too', () => {
    expect(hmacPartitionKey(new TextEncoder().encode(secret))('user:42')).toBe('n/k6QK3I1AmO')
  })

  it('refuses a secret of less than 16 bytes', () => {
    expect(() => hmacPartitionKey('k'.repeat(15))).toThrow(
      new RangeError('secret must be at least 16 bytes, got 15'),
    )
    expect(hmacPartitionKey('é'.repeat(8))('a')).toHaveLength(12)
  })
})

describe('hashSecret', () => {
  it('is the first half of SHA-256 as base64url', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), (value) => {
        const theirs = createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url')
        expect([hashSecret(value), hashSecret(value)]).toEqual([theirs, theirs])
      }),
    )
  })
})
