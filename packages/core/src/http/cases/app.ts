import type { Store } from '../../store.ts'
import type { RateLimitOptions } from '../options.ts'

/** A request header by its lower-case name, from what the framework gives its own middleware. */
export type ReadHeader<Args extends readonly unknown[]> = (name: string, ...args: Args) => string | undefined

/** The options of one limiter for any framework: its functions see requests through `header` only. */
export type CaseOptions = <Args extends readonly unknown[]>(
  header: ReadHeader<Args>,
) => RateLimitOptions<Args, never>

export interface CaseLimiter {
  readonly options: CaseOptions
  /** Where it is there, the limiter also gets a `respond` that answers with this status and text. */
  readonly respond?: { readonly status: number; readonly body: string }
}

/**
 * An app to set up. A route that answers GET answers HEAD too; all bodies are plain text.
 *
 * - `/` answers `ok`
 * - `/raw` answers `raw` past the framework's helpers: `res.end()`, `new Response()`
 * - `/boom` throws an Error
 * - `/missing` is no route
 * - `/redirect` answers 302 to `/`
 * - `/cached` answers `cached` with `Cache-Control: public, max-age=60`
 * - `/seen` answers the JSON of what handlers find under `property`, or `null`
 * - `/slow` calls `wait`, and answers `slow` after it
 * - `/stream` sends `one`, calls `wait`, and sends `two` after it
 * - `/sub/here`, in a sub-router, answers `here`
 */
export interface CaseApp {
  /** In front of every route, in this order. */
  readonly limiters: readonly CaseLimiter[]
  /** In front of the sub-router's routes only. */
  readonly subLimiters?: readonly CaseLimiter[]
  /** Header fields that a middleware in front of the limiters sets on every response. */
  readonly before?: Readonly<Record<string, string>>
  /** Default: no waiting. */
  readonly wait?: () => Promise<void>
  /** Default `rateLimit`. */
  readonly property?: string
  /** No client has an address: the app is served on a Unix socket, or without connections. */
  readonly withoutAddresses?: boolean
}

export interface CaseRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

export interface CaseResponse {
  readonly status: number
  /** By lower-case name, repeated lines joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface OpenedApp {
  /** Sends a request, follows no redirect, and reads the whole answer. Several may be under way at once. */
  send(request: CaseRequest): Promise<CaseResponse>
  /** What reached the framework's error handler so far, which answers 500. */
  readonly errors: readonly unknown[]
  close(): void | Promise<void>
}

/** Sets up an app of the framework with the middleware to be tested. */
export type OpenApp = (app: CaseApp) => OpenedApp | Promise<OpenedApp>

/** Makes a store that goes by a clock, empty: `(clock) => memoryStore({ clock })`. */
export type NewStore = (clock: () => number) => Store

/** A fact about middlewares, to be run by any test runner: it throws where the middleware is wrong. */
export interface HttpCase {
  readonly name: string
  /** @param newStore where limits are kept. Default: in memory. */
  run(open: OpenApp, newStore?: NewStore): Promise<void>
}
