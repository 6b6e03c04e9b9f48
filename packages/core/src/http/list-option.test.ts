import { describe, expect, it, vi } from 'vitest'
import { thrown } from '../testing/thrown.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { clientList } from './client-list.ts'
import type { AddressSource } from './framework.ts'
import { listOption as parse } from './list-option.ts'
import type { ListOption } from './options.ts'
import type { RequestKeys } from './request-charges.ts'
import { type Asked, data } from './testing/requests.ts'
import { requestView } from './view.ts'

const direct = requestView(data, undefined)
const error: AddressSource<[Asked]> = { unknown: 'error' }
type Test = ((args: [Asked], keys?: () => MaybePromise<RequestKeys>) => MaybePromise<boolean>) | undefined
const listOption = (
  option: string,
  list: ListOption<[Asked]> | undefined,
  view = direct,
  source = error,
): Test => {
  const test = parse<[Asked]>(option, list, view, source)
  return test && ((args, keys = () => []) => test(args, keys))
}
const from = (address: string): [Asked] => [{ address, peer: address }]

describe('a list of clients', () => {
  it('has addresses and ranges, of both families', () => {
    const lists = listOption('skip', ['10.0.0.0/8', '2001:db8::/32', 'loopback', '203.0.113.7'], direct)
    const isOn = ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:1::1', '::1', '127.9.9.9', '203.0.113.7']
    const isNot = ['11.0.0.0', '2001:db9::1', '203.0.113.8', '::ffff:203.0.113.8']
    for (const address of isOn) expect(lists?.(from(address))).toBe(true)
    for (const address of isNot) expect(lists?.(from(address))).toBe(false)
  })

  it('looks at the client and not at the proxy', () => {
    const lists = listOption('skip', ['10.0.0.0/8'], requestView(data, ['10.0.0.0/8']))
    const via = (client: string): [Asked] => [{ peer: '10.9.9.9', headers: { 'x-forwarded-for': client } }]
    expect(lists?.(via('203.0.113.7'))).toBe(false)
    expect(lists?.(via('10.1.2.3'))).toBe(true)
    expect(lists?.(via('garbage'))).toBe(true)
  })

  it.each(['skip', 'deny'])('%s: fails where the address is not known', (option) => {
    const told = thrown(() => listOption(option, ['203.0.113.7'])?.([{}]))
    expect(told).toMatch(/^Error: the client's address is not known .*unknown: 'one-bucket'/)
  })

  it('has nobody on it of those who share one bucket, since their addresses are not known', () => {
    const lists = listOption('deny', ['0.0.0.0/0', '::/0'], direct, { unknown: 'one-bucket' })
    expect(lists?.([{}])).toBe(false)
    expect(lists?.(from('203.0.113.7'))).toBe(true)
  })

  it('goes by what connInfo says', () => {
    const connInfo = ({ route }: Asked) => ({ remote: { address: route } })
    const lists = listOption('deny', ['203.0.113.7'], direct, { unknown: 'error', connInfo })
    expect(lists?.([{ route: '203.0.113.7' }])).toBe(true)
    expect(lists?.([{ route: '203.0.113.8' }])).toBe(false)
  })

  it('may be empty, and then asks for no address, or not there', () => {
    expect(listOption('skip', [])).toBeUndefined()
    expect(listOption('skip', undefined)).toBeUndefined()
  })

  it('may be a function of the request, at once or later', async () => {
    const isPut = ({ method }: Asked): boolean => method === 'PUT'
    expect(listOption('deny', isPut, direct)?.([{ method: 'PUT' }])).toBe(true)
    const later = listOption('deny', async (asked: Asked) => Promise.resolve(isPut(asked)), direct)
    expect(await later?.([{ method: 'GET' }])).toBe(false)
  })

  it('refuses what is neither, and entries that are no addresses', () => {
    expect(thrown(() => listOption('deny', '10.0.0.0/8' as never, direct))).toBe(
      "TypeError: deny must be a list of addresses and CIDR ranges, a clientList(), or a function, got '10.0.0.0/8'",
    )
    expect(thrown(() => listOption('deny', ['example.com'], direct))).toMatch(
      /^TypeError: deny must be .*example\.com/,
    )
  })
})

describe('a list that changes', () => {
  it('counts as it is by then', () => {
    const list = clientList()
    const test = listOption('deny', list)
    expect(test?.(from('203.0.113.7'))).toBe(false)
    list.add({ addresses: ['203.0.113.0/24'] })
    expect(test?.(from('203.0.113.7'))).toBe(true)
    list.replace({ addresses: ['10.0.0.0/8'] })
    expect(test?.(from('203.0.113.7'))).toBe(false)
    list.remove({ addresses: ['10.0.0.0/8'] })
    expect(test?.(from('10.0.0.1'))).toBe(false)
  })

  it('looks at the client and not at the proxy', () => {
    const list = clientList({ addresses: ['203.0.113.7'] })
    const test = listOption('deny', list, requestView(data, ['10.0.0.0/8']))
    const via = (client: string): [Asked] => [{ peer: '10.9.9.9', headers: { 'x-forwarded-for': client } }]
    expect(test?.(via('203.0.113.7'))).toBe(true)
    expect(test?.(via('203.0.113.8'))).toBe(false)
  })

  it('asks for no address where it has none', () => {
    const list = clientList({ keys: ['user:ada'] })
    const test = listOption('deny', list)
    expect(test?.([{}], () => ['user:ada'])).toBe(true)
    list.add({ addresses: ['203.0.113.7'] })
    expect(thrown(() => test?.([{}]))).toMatch(/^Error: the client's address is not known/)
  })

  it('has keys of any policy, at once or later', async () => {
    const test = listOption('deny', clientList({ keys: ['user:ada', 'ip:203.0.113.7'] }))
    expect(test?.([{}], () => ['tenant:7', 'user:ada'])).toBe(true)
    expect(test?.([{}], () => [undefined, 'user:bob'])).toBe(false)
    expect(test?.([{}], () => [])).toBe(false)
    expect(await test?.([{}], async () => Promise.resolve(['user:ada']))).toBe(true)
  })

  it('asks for no keys where it has none, or the address is on it', () => {
    const list = clientList({ addresses: ['203.0.113.7'] })
    const keys = vi.fn<() => RequestKeys>(() => ['user:ada'])
    const test = listOption('deny', list)
    expect(test?.(from('203.0.113.8'), keys)).toBe(false)
    list.add({ keys: ['user:ada'] })
    expect(test?.(from('203.0.113.7'), keys)).toBe(true)
    expect(keys).not.toHaveBeenCalled()
    expect(test?.(from('203.0.113.8'), keys)).toBe(true)
  })
})
