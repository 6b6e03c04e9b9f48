import { describe, expect, it } from 'vitest'
import { thrown } from '../../testing/thrown.ts'
import type { RequestKey } from '../framework.ts'
import { readKey } from '../key-option.ts'
import { type Asked, data } from '../testing/requests.ts'
import { requestView } from '../view.ts'
import { byRegion } from './by-region.ts'

const view = requestView(data, undefined)
const keyOf = (key: RequestKey<[Asked]>, asked: Asked = {}): unknown => readKey(key, view, [asked])
const told = (region: string): unknown =>
  keyOf(byRegion('CF-IPCountry'), { headers: { 'cf-ipcountry': region } })

describe('byRegion', () => {
  it('is what the header of the edge says, in capitals', () => {
    expect(told('DE')).toBe('region:DE')
    expect(told(' de\t')).toBe('region:DE')
    expect(told('us-east-1')).toBe('region:US-EAST-1')
  })

  it('is what a function says, at once or later', async () => {
    const region = byRegion(({ route }: Asked) => route)
    expect(keyOf(region, { route: 'eu' })).toBe('region:EU')
    expect(keyOf(region)).toBeUndefined()
    expect(await keyOf(byRegion(async () => Promise.resolve('eu')))).toBe('region:EU')
    expect(keyOf(byRegion(() => null))).toBeUndefined()
  })

  it('is none where the header is not there, or blank', () => {
    expect(keyOf(byRegion('cf-ipcountry'))).toBeUndefined()
    expect(['', ' \t'].map(told)).toEqual([undefined, undefined])
  })

  it('is one for all that are longer than 64 characters', () => {
    expect(told('a'.repeat(64))).toBe(`region:${'A'.repeat(64)}`)
    expect(told('a'.repeat(65))).toBe('region:OTHER')
    expect(told('b'.repeat(9000))).toBe('region:OTHER')
  })

  it.each([5, {}, true])('refuses a region that is %j', (region) => {
    expect(thrown(() => keyOf(byRegion(() => region as never)))).toMatch(
      'TypeError: the region that byRegion is told must be text, got ',
    )
  })

  it.each([undefined, null, 5, '', 'cf ipcountry'])('refuses the source %j', (source) => {
    expect(thrown(() => byRegion(source as never))).toMatch(
      'Error: the source that byRegion takes must be the name of a header, or a function of the request, got ',
    )
  })
})
