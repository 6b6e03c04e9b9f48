/** What has to be known of the connection of a response. */
export interface CountedConnection {
  /** Of all its responses so far. HTTP/2 does not tell it once a response is over, and not every runtime has it. */
  readonly bytesWritten?: number
}

type Write = (...args: readonly unknown[]) => unknown

/** What has to be known of a response on Node whose bytes are counted. */
export interface CountedResponse {
  readonly statusCode: number
  readonly headersSent: boolean
  readonly writableEnded?: boolean
  readonly writableFinished?: boolean
  /** `null` while another response is before it on its connection. */
  readonly socket?: object | null
  /** Its head as it is sent, in latin1. */
  readonly _header?: string | null
  readonly req?: { readonly method?: string }
  write: Write
  end: Write
  once(event: 'socket', listener: () => void): unknown
}

/**
 * Counts the bytes of a body that go to the connection: what is handed to the response, and no more than its connection
 * has got.
 *
 * The first is exact. The second is less where a client left, and where somebody wrapped the response before this and
 * makes the body shorter, as compression does: there it has up to 12 bytes more for each part, which frame it.
 * @returns what tells the bytes so far
 */
export function countBytes(response: CountedResponse, connection: CountedConnection): () => number {
  const handed = countHanded(response)
  const gone = countGone(response, connection)
  return () => {
    const { statusCode, req } = response
    const hasBody = req?.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304
    return hasBody ? Math.min(handed(), gone()) : 0
  }
}

/** Counts what the app hands to a response. */
function countHanded(response: CountedResponse): () => number {
  const { write, end } = response
  let bytes = 0
  let isInside = false

  function counted(method: Write, args: readonly unknown[]): unknown {
    // In HTTP/2 what is written at the end goes through both. What comes after the end is not sent.
    if (isInside || response.writableEnded) return method.call(response, ...args)
    isInside = true
    try {
      const result = method.call(response, ...args)
      bytes += sizeOf(args[0], args[1])
      return result
    } finally {
      isInside = false
    }
  }
  response.write = (...args) => counted(write, args)
  response.end = (...args) => counted(end, args)
  return () => bytes
}

/** Counts what goes to the connection after the head; `Infinity` where that is not known. */
function countGone(response: CountedResponse, connection: CountedConnection): () => number {
  const { headersSent, socket } = response
  let isBehind = socket === null
  let start = connection.bytesWritten
  if (isBehind)
    response.once('socket', () => {
      isBehind = false
      start = connection.bytesWritten
    })
  return () => {
    const { bytesWritten } = connection
    if (isBehind) return 0
    // A connection that has sent a response and knows of nothing does not count.
    const isKnown = bytesWritten !== 0 || !response.writableFinished
    if (!isKnown || bytesWritten === undefined || start === undefined) return Infinity
    const { _header: head } = response
    return Math.max(0, bytesWritten - start - (headersSent ? 0 : (head?.length ?? 0)))
  }
}

const encoder = new TextEncoder()

function sizeOf(part: unknown, encoding: unknown): number {
  if (ArrayBuffer.isView(part)) return part.byteLength
  if (typeof part !== 'string') return 0
  const { Buffer } = globalThis as { Buffer?: { byteLength(text: string, encoding?: unknown): number } }
  return Buffer?.byteLength(part, encoding) ?? encoder.encode(part).byteLength
}
