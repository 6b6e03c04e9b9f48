import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import type { KeyOption } from './framework.ts'
import { addressSource, keyOption, readKey } from './key-option.ts'
import * as keys from './keys.ts'
import { type Asked, data } from './testing/requests.ts'
import { requestView } from './view.ts'

const view = requestView(data, undefined)
const keyOf = (key: KeyOption<[Asked]>): unknown => readKey(key, view, [{}])
const hash = (value: string): string => createHash('sha256').update(value).digest('base64url').slice(0, 22)

it('keyOption takes functions and keys', () => {
  expect(keyOption('key', keys.byIp())).toMatchObject({})
  expect(thrown(() => keyOption('key', {}))).toBe(
    'TypeError: key must be a function of the request or a key such as byIp(), got an object',
  )
})

describe('a key', () => {
  it('that is empty is none', async () => {
    expect(keyOf(() => '')).toBeUndefined()
    expect(await keyOf(async () => Promise.resolve(''))).toBeUndefined()
  })

  it('of 256 characters is kept as it is', () => {
    const key = 'a'.repeat(256)
    expect(keyOf(() => key)).toBe(key)
  })

  it('that is longer is its kind and its hash', () => {
    const route = `/${'a'.repeat(15_000)}`
    expect(readKey(keys.byRoute(), view, [{ route }])).toBe(`route:${hash(`route:${route}`)}`)
    for (const key of ['a'.repeat(257), `${'a'.repeat(31)}:${'b'.repeat(300)}`, `a b:${route}`])
      expect(keyOf(() => key)).toBe(hash(key))
  })

  it('that is longer is hashed as a part of another, too', () => {
    const long = 'a'.repeat(300)
    expect(
      keyOf(
        keys.combine(
          () => long,
          () => 'b',
        ),
      ),
    ).toBe(`22:${hash(long)}+1:b`)
  })

  it('that is longer comes later where there is WebCrypto only', async () => {
    vi.stubGlobal('process', undefined)
    const later = keyOf(() => `user:${'a'.repeat(300)}`)
    vi.unstubAllGlobals()
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toBe(`user:${hash(`user:${'a'.repeat(300)}`)}`)
  })

  it('that is no text is left to the limiter to refuse', () => {
    const array = Array.from({ length: 300 }, () => 'a')
    expect(keyOf(() => array as never)).toBe(array)
    expect(keyOf(() => null as never)).toBeNull()
  })
})

describe('what lists go by', () => {
  const connInfo = (): { remote: object } => ({ remote: {} })
  const other = (): { remote: object } => ({ remote: {} })

  it('is the first connInfo, wherever it stands', () => {
    const key = keys.firstOf<[Asked]>(
      () => undefined,
      keys.combine(keys.byMethod(), keys.byIp({ connInfo })),
      keys.byIp({ connInfo: other }),
    )
    expect(addressSource<[Asked]>([keys.byIp(), () => 'ada', key])).toEqual({ connInfo, unknown: 'error' })
    expect(addressSource<[Asked]>([() => 'ada', keys.byRoute()])).toEqual({
      connInfo: undefined,
      unknown: 'error',
    })
  })

  it('is one bucket where any key says so', () => {
    const key = keys.combine<[Asked]>(keys.byMethod(), keys.byIp({ unknown: 'one-bucket' }))
    expect(addressSource<[Asked]>([keys.byIp({ connInfo }), key])).toEqual({
      connInfo,
      unknown: 'one-bucket',
    })
  })
})
