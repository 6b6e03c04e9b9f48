import { describe, expect, it } from 'vitest'
import type { Decision } from '../algorithm.ts'
import { fixedWindow } from '../algorithms/fixed-window.ts'
import { createLimiter } from '../limiter.ts'
import { forbidden, refusalOf } from './refusal.ts'
import { frozen } from './testing/requests.ts'

const decision = createLimiter({ store: frozen(), algorithm: fixedWindow({ limit: 0, window: '1m' }) }).take(
  'ada',
)
const said = (message: Parameters<typeof refusalOf<['req']>>[4], accept?: string): unknown =>
  refusalOf<['req']>(decision, 429, [], accept, message, ['req'])

const text = 'text/plain; charset=utf-8'
const json = 'application/json; charset=utf-8'

describe('what is said to a refused client', () => {
  it.each([undefined, '*/*', 'application/json', 'application/problem+json', 'text/html, application/json'])(
    'is a problem document for who accepts %j',
    (accept) => {
      expect(said(undefined, accept)).toMatchObject({
        status: 429,
        contentType: 'application/problem+json',
        body: expect.stringContaining('"violated-policies":["default"]'),
      })
    },
  )

  it.each(['text/html', 'text/plain', 'text/html, application/json;q=0.9', 'text/*'])(
    'is text for who prefers %j',
    (accept) => {
      expect(said(undefined, accept)).toMatchObject({
        contentType: text,
        body: expect.stringMatching(/^Limit of 0 requests per minute reached/),
      })
    },
  )

  it.each([
    ['text', 'no', { status: 429, contentType: text, body: 'no' }],
    ['no text at all', '', { status: 429, contentType: text, body: '' }],
    ['an object', { error: 'no' }, { status: 429, contentType: json, body: '{"error":"no"}' }],
    ['a list', ['no'], { status: 429, contentType: json, body: '["no"]' }],
    ['what a function gives', () => 'no', { status: 429, contentType: text, body: 'no' }],
  ])('is your own message, whatever it accepts: %s', (_what, message, refusal) => {
    expect(said(message)).toEqual(refusal)
    expect(said(message, 'text/html')).toEqual(refusal)
  })

  it('is what a function makes of the request and the decision', () => {
    expect(said((req, { policy }) => `${req}, ${policy}`)).toMatchObject({ body: 'req, default' })
  })

  it.each([undefined, null])('is what is said by default where a function gives %s', async (given) => {
    const nothing = given as unknown as string
    expect(said(() => nothing)).toEqual(said(undefined))
    expect(said(() => nothing, 'text/html')).toEqual(said(undefined, 'text/html'))
    expect(await said(async () => Promise.resolve(nothing))).toEqual(said(undefined))
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no words')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no words'))],
    ['gives what is no JSON', () => ({ value: 1n })],
  ])('is the error of a function that %s, once it is read', async (_how, message) => {
    const refusal = (await said(message)) as { status: number }
    expect(() => refusal.status).toThrow(/no words|BigInt/)
  })

  it('comes later where the function does', async () => {
    const later = said(async () => Promise.resolve({ error: 'no' }))
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toEqual({ status: 429, contentType: json, body: '{"error":"no"}' })
  })

  it('on the deny list is that it may not come in', () => {
    expect(forbidden()).toEqual({
      status: 403,
      contentType: 'application/problem+json',
      body: '{"type":"about:blank","title":"Forbidden","status":403}',
    })
  })
})

describe('what is said where the store does not answer', () => {
  const failed: Decision = {
    ...decision,
    policies: [],
    policy: undefined,
    source: 'failure-policy',
    retryAfterMs: 61_000,
  }
  const answer = (message?: string | (() => string), accept?: string): unknown =>
    refusalOf<['req']>(failed, 429, [], accept, message, ['req'])

  it('is 503, of no registered kind: no limit is guilty', () => {
    expect(answer()).toEqual({
      status: 503,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        type: 'about:blank',
        title: 'Service Unavailable',
        status: 503,
        detail: 'Request refused. Try again in 61 seconds.',
      }),
    })
    expect(answer(undefined, 'text/plain')).toEqual({
      status: 503,
      contentType: text,
      body: 'Request refused. Try again in 61 seconds.',
    })
  })

  it('is not what is said of limits', () => {
    expect(answer('slow down')).toEqual(answer())
    expect(answer(() => 'slow down')).toEqual(answer())
  })
})
