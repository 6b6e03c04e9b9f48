import type { Decision } from '../algorithm.ts'
import {
  createHeaderWriter,
  type HeadersOption,
  type PartitionKeys,
  type ResponseHeaders,
  type WirePolicy,
} from './headers.ts'

/**
 * Writes headers to a response. `status` is the response's, where it is known by then. Where it is not, what a refusal
 * finds was said of another body, and goes.
 */
export type WriteHeaders = (response: ResponseHeaders, status?: number) => void

interface HeaderSettings {
  readonly headers?: HeadersOption | undefined
  readonly expose: boolean
  readonly skipWhenCacheable: boolean
  readonly skipOnRedirect: boolean
}

export interface ResponseWriter {
  /** Whether `write` has to see the response's status and caching. */
  readonly needsResponse: boolean
  write(
    decision: Decision,
    nowEpochMs: number,
    response: ResponseHeaders,
    status: number | undefined,
    partitionKeys?: PartitionKeys,
  ): void
  /** The headers of a client on the deny list: nothing that is known of limits. */
  readonly writeForbidden: WriteHeaders
}

/** What belongs to the headers of a response beside the rate-limit fields themselves: caching and CORS. */
export function createResponseWriter(settings: HeaderSettings, wire: readonly WirePolicy[]): ResponseWriter {
  const { headers, expose, skipWhenCacheable, skipOnRedirect } = settings
  const writer = createHeaderWriter(headers, wire)

  const isLeftOut = (response: ResponseHeaders, status: number | undefined): boolean =>
    (skipOnRedirect && status !== undefined && status >= 300 && status < 400 && status !== 304) ||
    (skipWhenCacheable && isCacheable(response.get('Cache-Control')))

  return {
    needsResponse: skipWhenCacheable || skipOnRedirect,
    write(decision, nowEpochMs, response, status, partitionKeys) {
      if (decision.allowed ? isLeftOut(response, status) : forbidCaching(response, status)) return
      writer.write(decision, nowEpochMs, response, partitionKeys)
      if (expose) exposeTo(response, writer.names)
    },
    writeForbidden: forbidCaching,
  }
}

const OF_THE_ANSWER = ['ETag', 'Last-Modified', 'Expires']
const OF_THE_BODY = ['Content-Encoding', 'Content-Length', 'Transfer-Encoding']

/** A refusal is for this client and this instant only; what the app said of caching was about another answer. */
function forbidCaching(response: ResponseHeaders, status?: number): false {
  response.set('Cache-Control', 'no-store')
  for (const name of OF_THE_ANSWER) response.remove(name)
  if (status === undefined) for (const name of OF_THE_BODY) response.remove(name)
  return false
}

/** Whether a shared cache may keep the response, and so show one client's limits to another (RFC 9111). */
function isCacheable(cacheControl: string | undefined): boolean {
  if (cacheControl === undefined || /(^|[\s,])(private|no-store)([\s,]|$)/i.test(cacheControl)) return false
  return /(^|[\s,])(public|s-maxage=|max-age=(?!0+\b))/i.test(cacheControl)
}

/** Appends to what the app exposes already: overwriting would take from it. */
function exposeTo(response: ResponseHeaders, names: readonly string[]): void {
  const field = response.get('Access-Control-Expose-Headers')
  const listed = (field ?? '').split(',').map((name) => name.trim().toLowerCase())
  const added = names.filter((name) => !listed.includes(name.toLowerCase()))
  if (added.length > 0)
    response.set('Access-Control-Expose-Headers', [field, ...added].filter(Boolean).join(', '))
}
