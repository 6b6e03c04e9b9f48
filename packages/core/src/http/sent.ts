import { countBytes, type CountedConnection, type CountedResponse } from './sent-bytes.ts'
import { type Closing, whenOver } from './node-response.ts'

/** How a response ended. */
export interface Sent {
  /** Its status; 499 where the client had gone before there was one. */
  readonly status: number
  /**
   * Bytes of its body that were really written, without what frames them; 0 where no policy has `settle`. Of a client
   * that left: what had been handed to its connection by then, so that a part under way counts as a whole.
   */
  readonly bytes: number
  /** Whether it broke off before its end: because the client had gone, or by what the app did. */
  readonly aborted: boolean
}

/** The status that a client never saw, because it was gone. No standard has one; this is what server logs write. */
export const CLIENT_GONE = 499

/** What of Node's responses has to be known beside their end. */
export interface NodeResponse extends Closing {
  readonly statusCode: number
  readonly headersSent: boolean
  readonly writableFinished?: boolean
  /** Of HTTP/2 only. */
  readonly stream?: object
}

/** Calls `done` once a response on Node is over, and tells how it ended. */
export function whenNodeSent(
  response: NodeResponse,
  connection: Closing & CountedConnection,
  done: (sent: Sent) => unknown,
  countsBytes: boolean,
): void {
  const bytes = countsBytes ? countBytes(response as NodeResponse & CountedResponse, connection) : () => 0
  whenOver(response, connection, () => {
    const { headersSent, statusCode, stream, writableEnded = false } = response
    // To Node a response is finished, too, whose last part was under way when the client left. What HTTP/2 calls the
    // connection is a stream of each response, which is gone with it.
    const isLeft = connection.destroyed && !stream
    const isSent = response.writableFinished && !isLeft
    // One that is ended may still be on its way.
    const isOnItsWay = writableEnded && !response.closed && !connection.destroyed
    const status = headersSent ? statusCode : CLIENT_GONE
    return done({ status, bytes: bytes(), aborted: !isSent && !isOnItsWay })
  })
}
