import { type Closing, whenOver } from './node-response.ts'
import type { WriteHeaders } from './response-headers.ts'
import type { CountedConnection } from './sent-bytes.ts'
import { CLIENT_GONE, type NodeResponse, type Sent, whenNodeSent } from './sent.ts'

/** Where a response keeps for which request it was given, and what fields said before anything was written to them. */
const KEPT: unique symbol = Symbol('rate limit')

interface Kept {
  readonly request: object
  readonly before: Map<string, string | null>
}

/** A property, since a weak map of all responses would cost as much as the rest of a request. */
type Marked = Response & { [KEPT]?: Kept }

/**
 * The response to a request, with headers written: itself; or a copy where it came from `fetch()` and cannot be changed,
 * or where a handler gives one response to several requests, which must not tell one client of another.
 */
export function withHeaders(response: Marked, request: object, writeHeaders: WriteHeaders): Response {
  const kept = response[KEPT]
  if (kept && kept.request !== request) {
    const copy = new Response(response.clone().body, response)
    for (const [name, value] of kept.before) {
      if (value === null) copy.headers.delete(name)
      else copy.headers.set(name, value)
    }
    return withHeaders(copy, request, writeHeaders)
  }
  const before: Kept['before'] = kept?.before ?? new Map<string, string | null>()
  try {
    response[KEPT] = { request, before }
    write(response, writeHeaders, before)
    return response
  } catch {
    const copy = new Response(response.body, response)
    write(copy, writeHeaders, before)
    return copy
  }
}

function write({ headers, status }: Response, writeHeaders: WriteHeaders, before: Kept['before']): void {
  const note = (name: string): unknown => before.has(name) || before.set(name, headers.get(name))
  const port = {
    get: (name: string) => headers.get(name) ?? undefined,
    set: (name: string, value: string) => (note(name), headers.set(name, value)),
    remove: (name: string) => (note(name), headers.delete(name)),
  }
  writeHeaders(port, status)
}

/** The connection, where Hono runs on its Node server. */
export interface NodeBindings {
  readonly incoming?: { readonly socket?: Closing & CountedConnection & { readonly remoteAddress?: string } }
  readonly outgoing?: NodeResponse
}

/** What has to be known of a request. */
interface Asked {
  readonly method: string
  readonly signal?: AbortSignal | null | undefined
}

/** Calls `gone` once the client of a request has left, or has its answer. */
export function whenGone(
  { signal }: Asked,
  { incoming, outgoing }: NodeBindings = {},
  gone: () => void,
): void {
  if (outgoing && incoming?.socket) whenOver(outgoing, incoming.socket, gone)
  // It may have left while its key was looked up.
  else if (signal?.aborted) gone()
  else signal?.addEventListener('abort', gone, { once: true })
}

/**
 * The response to a request, with `done`, if any, called once when it is over. Node's server tells of that; elsewhere it is seen
 * by the body: one that nobody reads, as when somebody replaces the response, is over when the client is gone.
 */
export function whenSent(
  response: Response,
  request: Asked,
  { incoming, outgoing }: NodeBindings = {},
  done: ((sent: Sent) => unknown) | undefined,
  countsBytes: boolean,
): Response {
  if (!done) return response
  if (!outgoing || !incoming?.socket) return whenBodyEnds(response, request, done)
  whenNodeSent(outgoing, incoming.socket, done, countsBytes)
  return response
}

/**
 * The response, with `done` called once when its body has been read to the end, failed, or is no longer wanted; at
 * once where it has none, or somebody else reads it.
 */
function whenBodyEnds(
  response: Response,
  { method, signal }: Asked,
  done: (sent: Sent) => unknown,
): Response {
  let open = true
  let bytes = 0
  function finish(aborted = false, status = response.status): void {
    if (!open) return
    open = false
    signal?.removeEventListener('abort', leave)
    void done({ status, bytes, aborted })
  }
  const leave = (): void => finish(true)
  // Hono drops the body of an answer to HEAD, and nobody reads it to its end.
  const isRead =
    method !== 'HEAD' && !signal?.aborted && response.body && !response.body.locked && !response.bodyUsed
  if (!isRead) {
    if (signal?.aborted) finish(true, CLIENT_GONE)
    else finish()
    return response
  }
  signal?.addEventListener('abort', leave, { once: true })
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  // One part ahead: so the end of a body of one part is seen even if it is never read, as when somebody replaces it.
  const ahead = { highWaterMark: 2 }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = await reader.read()
          if (!part.done) {
            bytes += part.value.byteLength
            return controller.enqueue(part.value)
          }
          finish()
          controller.close()
        } catch (error) {
          leave()
          controller.error(error)
        }
      },
      async cancel(reason) {
        leave()
        await reader.cancel(reason)
      },
    },
    ahead,
  )
  return new Response(body, response)
}
