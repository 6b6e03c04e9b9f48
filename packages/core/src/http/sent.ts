import { type Closing, whenOver } from './node-response.ts'

/** How a response ended. */
export interface Sent {
  /** Its status; 499 where the client had gone before there was one. */
  readonly status: number
  /** Bytes of its body that were really written: as they are sent, after compression. 0 where nobody asked for them. */
  readonly bytes: number
  /** Whether the client had gone before the end. */
  readonly aborted: boolean
}

/** The status that a client never saw, because it was gone. No standard has one; this is what server logs write. */
export const CLIENT_GONE = 499

/** What of Node's responses has to be known beside their end. */
export interface NodeResponse extends Closing {
  readonly statusCode: number
  readonly headersSent: boolean
  readonly writableFinished?: boolean
}

/** Calls `done` once a response on Node is over, and tells how it ended. */
export function whenNodeSent(
  response: NodeResponse,
  connection: Closing,
  done: (sent: Sent) => unknown,
  countsBytes: boolean,
): void {
  const bytes = countsBytes ? countBytes(response as NodeResponse & Writable) : () => 0
  whenOver(response, connection, () => {
    const { headersSent, statusCode, writableEnded = false } = response
    // HTTP/2 does not tell whether a response is finished. One that is ended may still be on its way.
    const isSent = response.writableFinished ?? writableEnded
    const isOnItsWay = writableEnded && !response.closed && !connection.destroyed
    const status = headersSent ? statusCode : CLIENT_GONE
    return done({ status, bytes: bytes(), aborted: !isSent && !isOnItsWay })
  })
}

type Written = string | Uint8Array
type WrittenBack = (error?: Error | null) => void

interface Writable {
  readonly req?: { readonly method?: string }
  write(chunk: Written, ...rest: readonly unknown[]): unknown
  end(...args: readonly unknown[]): unknown
}

/**
 * Counts what is handed to the connection, part by part: what a client that leaves has not been sent was never written.
 * Whoever wraps the response before this counts what it has made of the body, as compression does.
 * @returns what tells the bytes so far
 */
function countBytes(response: NodeResponse & Writable): () => number {
  const { write, end } = response
  let bytes = 0

  /** The arguments, with a callback that counts the part once it is written. */
  function counting(args: readonly unknown[]): unknown[] {
    const rest = [...args]
    const own = typeof rest.at(-1) === 'function' ? (rest.pop() as WrittenBack) : undefined
    const [chunk, encoding] = rest
    const size =
      typeof chunk === 'string' || ArrayBuffer.isView(chunk) ? sizeOf(chunk as Written, encoding) : 0
    function written(error?: Error | null): void {
      if (!error) bytes += size
      own?.(error)
    }
    return [...rest, written]
  }

  // In HTTP/2 what is written at the end goes through both.
  let isEnding = false
  response.write = (...args: readonly unknown[]) =>
    write.apply(response, (isEnding ? args : counting(args)) as [Written])
  response.end = (...args: readonly unknown[]) => {
    isEnding = true
    return end.apply(response, counting(args))
  }
  return () => {
    const { statusCode, req } = response
    const hasBody = req?.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304
    return hasBody ? bytes : 0
  }
}

const encoder = new TextEncoder()

function sizeOf(chunk: Written, encoding: unknown): number {
  if (typeof chunk !== 'string') return chunk.byteLength
  const { Buffer } = globalThis as { Buffer?: { byteLength(text: string, encoding?: unknown): number } }
  return Buffer?.byteLength(chunk, encoding) ?? encoder.encode(chunk).byteLength
}
