import type { ResponseHeaders } from './headers.ts'

/** What of Node's responses and sockets has to be known, so that nothing of Node has to be imported. */
export interface Closing {
  readonly closed?: boolean
  readonly destroyed?: boolean
  readonly writableEnded?: boolean
  once(event: 'close', listener: () => void): unknown
}

/**
 * What waits for a response or a connection to close: one listener for all, since a client may send many requests ahead,
 * and an app may have many limiters.
 */
const waiting = new WeakMap<Closing, Set<() => void>>()

/**
 * Calls `done` once when a response on Node is over, whether it was sent or its client has gone; at once where it is
 * over already. A response that is still behind another one on its connection does not close when the connection does.
 * What `done` throws is lost: others wait, too.
 */
export function whenOver(response: Closing, connection: Closing, done: () => unknown): void {
  const both = [response, connection].map((closing) => waiting.get(closing) ?? watch(closing))
  let isOver = false
  function over(): void {
    if (isOver) return
    isOver = true
    for (const all of both) all.delete(over)
    void (async () => done())().catch(() => undefined)
  }
  for (const all of both) all.add(over)
  // What is gone already closes no more, and somebody else may have answered while this request had to wait.
  if (connection.destroyed || response.destroyed || response.closed || response.writableEnded) over()
}

function watch(closing: Closing): Set<() => void> {
  const all = new Set<() => void>()
  waiting.set(closing, all)
  closing.once('close', () => {
    for (const over of all) over()
  })
  return all
}

interface HeaderFields {
  readonly headersSent: boolean
  getHeader(name: string): number | string | readonly string[] | undefined
  setHeader(name: string, value: string): unknown
  removeHeader(name: string): void
}

/** The header fields of a response on Node. Once they are sent, nothing is changed any more. */
export function nodeHeaders(response: HeaderFields): ResponseHeaders {
  return {
    get: (name) => response.getHeader(name)?.toString(),
    set: (name, value) => void (response.headersSent || response.setHeader(name, value)),
    // Node would not frame a body by itself any more once it was told to remove a length that there is not.
    remove: (name) =>
      void (response.headersSent || response.getHeader(name) === undefined || response.removeHeader(name)),
  }
}
