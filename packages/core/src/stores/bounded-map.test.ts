import { describe, expect, it } from 'vitest'
import { boundedMap } from './bounded-map.ts'

describe('a bounded map', () => {
  it('lets the key go that was set longest ago', () => {
    const map = boundedMap<number>(3)
    for (const [value, key] of ['a', 'b', 'c', 'a', 'd'].entries()) map.set(key, value)
    expect(['a', 'b', 'c', 'd'].map(map.get)).toEqual([3, undefined, 2, 4])
    expect(map.size).toBe(3)
  })

  it('has room again for what was deleted', () => {
    const map = boundedMap<number>(2)
    map.set('a', 1)
    map.delete('a')
    map.delete('never set')
    map.set('b', 2)
    map.set('c', 3)
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([undefined, 2, 3, 2])
    map.clear()
    expect([map.get('b'), map.size]).toEqual([undefined, 0])
    map.set('d', 4)
    map.set('e', 5)
    expect([map.get('d'), map.get('e')]).toEqual([4, 5])
  })

  it('may hold one key only', () => {
    const map = boundedMap<number>(1)
    for (const key of ['a', 'b', 'b', 'c']) map.set(key, 1)
    expect([map.get('b'), map.get('c'), map.size]).toEqual([undefined, 1, 1])
  })

  it('never grows, and stays fast, whatever is set and deleted', () => {
    const map = boundedMap<number>(1000)
    for (let number = 0; number < 300_000; number++) {
      map.set(`key ${number}`, number)
      if (number % 3 === 0) map.delete(`key ${number - 500}`)
    }
    expect(map.size).toBeLessThanOrEqual(1000)
    expect(map.get('key 299999')).toBe(299_999)
  })
})
