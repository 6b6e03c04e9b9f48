import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Asked, data } from './testing/requests.ts'
import { requestView } from './view.ts'

const forwarded = { 'x-forwarded-for': '203.0.113.7' }
const behindProxy: Asked = { headers: forwarded, address: '10.0.0.9', peer: '10.0.0.9' }

describe("the client's address", () => {
  it('is what the framework says, in lack of trustProxy', () => {
    const { address } = requestView(data, undefined)
    expect(address(undefined, { address: '192.0.2.1', peer: '10.0.0.9' })).toBe('192.0.2.1')
    expect(address(undefined, { address: '', peer: '' })).toBeUndefined()
    expect(address(undefined, {})).toBeUndefined()
  })

  it('is what trustProxy makes of the connection and the headers, whatever the framework says', () => {
    const asked: Asked = { ...behindProxy, address: '198.51.100.1' }
    expect(requestView(data, false).address(undefined, asked)).toBe('10.0.0.9')
    expect(requestView(data, 1).address(undefined, asked)).toBe('203.0.113.7')
    expect(requestView(data, ['10.0.0.0/8']).address(undefined, asked)).toBe('203.0.113.7')
    expect(requestView(data, ['172.16.0.0/12']).address(undefined, asked)).toBe('10.0.0.9')
  })

  it('is canonical, and IPv4 where it is written as IPv6', () => {
    const { address } = requestView(data, undefined)
    expect(address(undefined, { address: '::ffff:192.0.2.1', peer: '10.0.0.9' })).toBe('192.0.2.1')
    expect(address('[2001:DB8::7]:443', {})).toBe('2001:db8::7')
  })

  it.each(['unknown', '_hidden', '10.0.0.0/8', '1.2.3.4, 5.6.7.8', ''])(
    'that the framework took from a header, and is %j, is that of the connection',
    (address) => {
      const asked = { ...behindProxy, address, trusts: true }
      expect(requestView(data, undefined).address(undefined, asked)).toBe('10.0.0.9')
      expect(requestView(data, undefined).address(undefined, { ...asked, peer: '' })).toBeUndefined()
      expect(requestView(data, undefined).address(address, { peer: '10.0.0.9' })).toBe('10.0.0.9')
      expect(requestView(data, 1).address(address, behindProxy)).toBe('203.0.113.7')
    },
  )

  it('starts from the peer that a key knows, where it knows one', () => {
    expect(requestView(data, undefined).address('192.0.2.1', {})).toBe('192.0.2.1')
    expect(requestView(data, 1).address('10.0.0.9', { headers: forwarded })).toBe('203.0.113.7')
    expect(requestView(data, 1).address('192.0.2.1', {})).toBe('192.0.2.1')
  })
})

describe('the warning of a proxy that nobody trusts', () => {
  const warn = vi.spyOn(console, 'warn')

  let elapsed = 0

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
    // What one test made quiet must not be so in the next.
    vi.advanceTimersByTime((elapsed += 1_000_000))
    warn.mockReset().mockReturnValue()
  })
  afterEach(() => vi.useRealTimers())

  it('comes at most once a minute, whenever a proxy shows', () => {
    const { address } = requestView(data, undefined)
    address(undefined, { address: '192.0.2.1', peer: '192.0.2.1' })
    expect(warn).not.toHaveBeenCalled()
    for (const [afterMs, times] of [
      [0, 1],
      [59_999, 1],
      [1, 2],
      [1, 2],
      [600_000, 3],
    ] as const) {
      vi.advanceTimersByTime(afterMs)
      address(undefined, behindProxy)
      expect(warn).toHaveBeenCalledTimes(times)
    }
  })

  it('names the option and what it may be', () => {
    requestView(data, undefined).address(undefined, behindProxy)
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(/^\[sluice\] .*X-Forwarded-For.*set trustProxy .*false/),
    ])
  })

  it('is one for all middlewares', () => {
    requestView(data, undefined).address(undefined, behindProxy)
    requestView(data, undefined).address(undefined, behindProxy)
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('comes where a key knows no other peer than the framework', () => {
    requestView(data, undefined).address('::ffff:10.0.0.9', behindProxy)
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['203.0.113.7', behindProxy],
    ['203.0.113.7', { headers: forwarded }],
  ])('does not come where the platform tells of a client that the framework does not know', (peer, asked) => {
    expect(requestView(data, undefined).address(peer, asked)).toBe(peer)
    expect(warn).not.toHaveBeenCalled()
  })

  it.each([
    ['trustProxy: false', false, behindProxy],
    ['trustProxy', 1, behindProxy],
    ['trustProxy that does not trust this proxy', ['172.16.0.0/12'], behindProxy],
    ['a framework that was told whom to trust', undefined, { ...behindProxy, trusts: true }],
    ['no such header', undefined, { address: '10.0.0.9', peer: '10.0.0.9' }],
  ] as const)('does not come with %s', (_what, trustProxy, asked) => {
    requestView(data, trustProxy).address(undefined, asked)
    expect(warn).not.toHaveBeenCalled()
  })
})

it('gives the rest as the framework does', () => {
  const view = requestView(data, undefined)
  const asked: Asked = { method: 'PUT', headers: { accept: 'text/html' }, route: '/users/:id' }
  expect([view.method(asked), view.header('accept', asked), view.route(asked)]).toEqual([
    'PUT',
    'text/html',
    '/users/:id',
  ])
})
