import { memoryStore } from '../../stores/memory.ts'
import type { Store } from '../../store.ts'
import type { Sent } from '../sent.ts'
import type { Framework } from '../framework.ts'
import { createHttpLimiter, type HttpLimiter, type Outcome } from '../gate.ts'
import type { RateLimitOptions } from '../options.ts'
import type { ResponseHeaders } from '../headers.ts'

/** A request as data: all that the HTTP layer asks of a framework. */
export interface Asked {
  readonly method?: string
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
  readonly peer?: string
  readonly route?: string
  readonly trusts?: boolean
}

/** A framework whose requests are data. */
export const data: Framework<[Asked]> = {
  method: ({ method = 'GET' }) => method,
  header: (name, { headers = {} }) => headers[name],
  address: ({ address }) => address,
  peer: ({ peer }) => peer,
  route: ({ route }) => route,
  trustsProxy: ({ trusts = false }) => trusts,
}

/** 2026-09-21T14:13:20.400Z */
export const NOW = 1_790_000_000_400

/** A store whose time stands still. */
export const frozen = (): Store<'sync'> => memoryStore({ clock: () => NOW })

export type Options = RateLimitOptions<[Asked], () => void>

/** A middleware's part of core, for requests that are data. */
export function gate(options: Options): HttpLimiter<[Asked]> {
  return createHttpLimiter<[Asked], () => void>(options, data)
}

/** What is done about a request by a middleware that answers at once. */
export function ask(http: HttpLimiter<[Asked]>, asked: Asked = {}): Outcome | undefined {
  const outcome = http.handle(asked)
  if (outcome === undefined || !('then' in outcome)) return outcome
  throw new Error('the outcome should be there at once')
}

/** The header fields that an outcome writes, to a response that has some already. */
export function written(
  outcome: Outcome | undefined,
  before: Record<string, string> = {},
  status?: number,
): Record<string, string> {
  const fields = { ...before }
  outcome?.writeHeaders(plainHeaders(fields), status)
  return fields
}

/** Header fields in a plain object, with names as they are written. */
export function plainHeaders(fields: Record<string, string>): ResponseHeaders {
  return {
    get: (name) => fields[name],
    set: (name, value) => void (fields[name] = value),
    remove: (name) => void delete fields[name],
  }
}

/** An ordinary response that is over. */
export const SENT: Sent = { status: 200, bytes: 0, aborted: false }
