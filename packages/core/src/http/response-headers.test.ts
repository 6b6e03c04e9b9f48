import { describe, expect, it } from 'vitest'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import { createResponseWriter } from './response-headers.ts'
import { frozen, NOW, plainHeaders } from './testing/requests.ts'

type Settings = Partial<Parameters<typeof createResponseWriter>[0]>

/** What a writer makes of a response that has fields already; denied: of one more than the limit. */
function fieldsOf(
  settings: Settings,
  before: Record<string, string>,
  denied = false,
  status?: number,
): Record<string, string> {
  const limiter = createLimiter({ store: frozen(), algorithm: fixedWindow({ limit: 1, window: '1m' }) })
  const decisions = [limiter.take('ada'), limiter.take('ada')] as const
  const off = { expose: false, skipWhenCacheable: false, skipOnRedirect: false }
  const fields = { ...before }
  const writer = createResponseWriter({ headers: 'draft-11', ...off, ...settings }, [{ name: 'default' }])
  writer.write(decisions[denied ? 1 : 0], NOW, plainHeaders(fields), denied ? status : 200)
  return fields
}

describe('skipWhenCacheable', () => {
  const isLeftOut = (cacheControl: string): boolean =>
    !('RateLimit' in fieldsOf({ skipWhenCacheable: true }, { 'Cache-Control': cacheControl }))

  it.each([
    'public',
    'PUBLIC',
    'public, max-age=60',
    'max-age=60',
    'max-age=60, must-revalidate',
    's-maxage=60',
    'no-transform,max-age=1',
    'max-age=0, s-maxage=60',
    'max-age=010',
  ])('leaves out what shared caches may keep: %s', (cacheControl) => {
    expect(isLeftOut(cacheControl)).toBe(true)
  })

  it.each([
    '',
    'private',
    'private, max-age=60',
    'max-age=60, private',
    'no-store',
    'max-age=0',
    'max-age=0, must-revalidate',
    'no-cache',
    'x-public',
    'max-age',
  ])('leaves in what they may not: %j', (cacheControl) => {
    expect(isLeftOut(cacheControl)).toBe(false)
  })
})

describe('expose', () => {
  const exposed = (before: Record<string, string>, settings: Settings = {}): string | undefined =>
    fieldsOf({ expose: true, ...settings }, before)['Access-Control-Expose-Headers']

  it('lists the fields of the formats, and Retry-After', () => {
    expect(exposed({})).toBe('RateLimit, RateLimit-Policy, Retry-After')
    expect(exposed({}, { headers: false })).toBe('Retry-After')
    expect(exposed({}, { headers: ['draft-6', 'legacy'] })).toBe(
      'RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, ' +
        'X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, X-RateLimit-Reset, Retry-After',
    )
  })

  it.each([
    ['ETag', 'ETag, RateLimit, RateLimit-Policy, Retry-After'],
    ['retry-after,ETag', 'retry-after,ETag, RateLimit, RateLimit-Policy'],
    ['RateLimit, RateLimit-Policy, Retry-After', 'RateLimit, RateLimit-Policy, Retry-After'],
    ['', 'RateLimit, RateLimit-Policy, Retry-After'],
    // With credentials it is a name like any other.
    ['*', '*, RateLimit, RateLimit-Policy, Retry-After'],
  ])('adds to %j, without saying anything twice', (before, after) => {
    expect(exposed({ 'Access-Control-Expose-Headers': before })).toBe(after)
  })
})

describe('a refusal', () => {
  const before = {
    'Cache-Control': 'public',
    ETag: '"1"',
    'Last-Modified': 'Mon',
    Expires: 'Tue',
    Vary: 'Accept',
  }

  it('may not be kept by anyone', () => {
    expect(fieldsOf({ headers: false }, before, true)).toEqual({
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      'Retry-After': '60',
    })
  })

  const body = { 'Content-Encoding': 'gzip', 'Content-Length': '7', 'Transfer-Encoding': 'chunked' }

  it('drops what was said of another body, as long as it has none of its own', () => {
    const bare = { 'Cache-Control': 'no-store', 'Retry-After': '60' }
    expect(fieldsOf({ headers: false }, body, true)).toEqual(bare)
    expect(fieldsOf({ headers: false }, body, true, 429)).toEqual({ ...body, ...bare })
    expect(fieldsOf({ headers: false }, body)).toEqual(body)
  })

  it('is what the response of an allowed request is not', () => {
    expect(fieldsOf({ headers: false }, before)).toEqual(before)
  })
})
