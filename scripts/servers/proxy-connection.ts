import { type Socket, connect } from 'node:net'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

export type Mode =
  | { readonly name: 'pass' | 'drop' | 'bytes' | 'holdReplies' | 'holdRequests' | 'halfOpen' | 'refuse' }
  | { readonly name: 'delay'; readonly ms: number }

/** The time during which a mode holds. */
export interface Period {
  readonly mode: Mode
  /** Resolves when another mode is chosen. */
  readonly over: Promise<void>
  end(): void
}

export function newPeriod(mode: Mode): Period {
  let end = (): void => {}
  const over = new Promise<void>((resolve) => (end = resolve))
  return { mode, over, end }
}

/** A client's connection and the one to the server that goes with it. */
export interface Connection {
  /** Whether the client still holds its end. */
  hasClient(): boolean
  /** Resolves when both ends are gone. */
  readonly closed: Promise<unknown>
  /** Lets nothing through any more, without a word to anybody. */
  unplug(): void
  reset(): void
  close(): void
}

/** Connects a client with the server at a port, and does with what they say what the mode of the moment asks. */
export function joinWith(
  client: Socket,
  port: number,
  now: () => Period,
  bytes: { requests: number; replies: number },
): Connection {
  const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
  const closed = Promise.all(
    [client, upstream].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
  )
  let unplugged = now().mode.name === 'halfOpen'
  let replyLost = false
  let requests = Promise.resolve()
  let replies = Promise.resolve()

  const forward = async (chunk: Buffer, before: Promise<void>, { mode, over }: Period): Promise<void> => {
    await before
    if (mode.name === 'holdRequests') await over
    if (!unplugged) upstream.write(chunk)
  }
  const answer = async (chunk: Buffer, before: Promise<void>, { mode, over }: Period): Promise<void> => {
    // Waiting starts now, not when those before it have gone; a proxy that is stopped leaves no timer.
    const due = mode.name === 'delay' ? sleep(mode.ms, undefined, { ref: false }) : undefined
    await before
    await due
    if (mode.name === 'holdReplies') await over
    const pieces = mode.name === 'bytes' ? Array.from(chunk, (byte) => Buffer.of(byte)) : [chunk]
    for (const piece of pieces) {
      if (!unplugged) client.write(piece)
      if (pieces.length > 1) await nextTurn()
    }
  }
  client.on('data', (chunk: Buffer) => {
    bytes.requests += chunk.length
    requests = forward(chunk, requests, now())
  })
  upstream.on('data', (chunk: Buffer) => {
    bytes.replies += chunk.length
    replyLost ||= now().mode.name === 'drop'
    if (!replyLost) replies = answer(chunk, replies, now())
  })

  for (const socket of [client, upstream]) socket.on('error', () => {}) // 'close' comes as well
  // What a client has sent arrives even if it has hung up since.
  client.on('close', () => void requests.then(() => upstream.end()))
  upstream.on('close', (failed) => {
    // Whoever is unplugged does not say goodbye.
    if (unplugged) return
    if (failed) client.resetAndDestroy()
    else void replies.then(() => client.end())
  })
  return {
    hasClient: () => !client.destroyed,
    closed,
    unplug: () => void (unplugged = true),
    reset() {
      client.resetAndDestroy()
      upstream.destroy()
    },
    close() {
      client.destroy()
      upstream.destroy()
    },
  }
}
