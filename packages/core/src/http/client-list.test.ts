import { describe, expect, it } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import { clientList as parse } from './client-list.ts'
import type { AddressSource } from './framework.ts'
import { type Asked, data } from './testing/requests.ts'
import type { ClientList } from './options.ts'
import { requestView } from './view.ts'

const direct = requestView(data, undefined)
const error: AddressSource<[Asked]> = { unknown: 'error' }
const clientList = (
  option: string,
  list: ClientList<[Asked]> | undefined,
  view = direct,
  source = error,
): ReturnType<typeof parse<[Asked]>> => parse<[Asked]>(option, list, view, source)
const from = (address: string): [Asked] => [{ address, peer: address }]

describe('a list of clients', () => {
  it('has addresses and ranges, of both families', () => {
    const lists = clientList('skip', ['10.0.0.0/8', '2001:db8::/32', 'loopback', '203.0.113.7'], direct)
    const isOn = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:1::1', '::1', '127.9.9.9', '203.0.113.7']
    const isNot = ['11.0.0.0', '2001:db9::1', '203.0.113.8', '::ffff:203.0.113.8']
    for (const address of isOn) expect(lists?.(from(address))).toBe(true)
    for (const address of isNot) expect(lists?.(from(address))).toBe(false)
  })

  it('looks at the client and not at the proxy', () => {
    const lists = clientList('skip', ['10.0.0.0/8'], requestView(data, ['10.0.0.0/8']))
    const via = (client: string): [Asked] => [{ peer: '10.9.9.9', headers: { 'x-forwarded-for': client } }]
    expect(lists?.(via('203.0.113.7'))).toBe(false)
    expect(lists?.(via('10.1.2.3'))).toBe(true)
    expect(lists?.(via('garbage'))).toBe(true)
  })

  it.each(['skip', 'deny'])('%s: fails where the address is not known', (option) => {
    const told = thrown(() => clientList(option, ['203.0.113.7'])?.([{}]))
    expect(told).toMatch(/^Error: the client's address is not known .*unknown: 'one-bucket'/)
  })

  it('has nobody on it of those who share one bucket, since their addresses are not known', () => {
    const lists = clientList('deny', ['0.0.0.0/0', '::/0'], direct, { unknown: 'one-bucket' })
    expect(lists?.([{}])).toBe(false)
    expect(lists?.(from('203.0.113.7'))).toBe(true)
  })

  it('goes by what connInfo says', () => {
    const connInfo = ({ route }: Asked) => ({ remote: { address: route } })
    const lists = clientList('deny', ['203.0.113.7'], direct, { unknown: 'error', connInfo })
    expect(lists?.([{ route: '203.0.113.7' }])).toBe(true)
    expect(lists?.([{ route: '203.0.113.8' }])).toBe(false)
  })

  it('may be empty, and then asks for no address, or not there', () => {
    expect(clientList('skip', [])).toBeUndefined()
    expect(clientList('skip', undefined)).toBeUndefined()
  })

  it('may be a function of the request, at once or later', async () => {
    const isPut = ({ method }: Asked): boolean => method === 'PUT'
    expect(clientList('deny', isPut, direct)?.([{ method: 'PUT' }])).toBe(true)
    const later = clientList('deny', async (asked: Asked) => Promise.resolve(isPut(asked)), direct)
    expect(await later?.([{ method: 'GET' }])).toBe(false)
  })

  it('refuses what is neither, and entries that are no addresses', () => {
    expect(thrown(() => clientList('deny', '10.0.0.0/8' as never, direct))).toBe(
      "TypeError: deny must be a list of addresses and CIDR ranges, or a function, got '10.0.0.0/8'",
    )
    expect(thrown(() => clientList('deny', ['example.com'], direct))).toMatch(
      /^TypeError: deny must be .*example\.com/,
    )
  })
})
