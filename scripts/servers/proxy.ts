import { once } from 'node:events'
import { type Server, createServer } from 'node:net'
import { freePort } from './ports.ts'
import { type Connection, type Mode, joinWith, newPeriod } from './proxy-connection.ts'

/**
 * A way to a server on which things go wrong. What goes wrong is one of the modes below, for all connections,
 * from the moment of the call until the next one; replies keep their order whatever the modes they came in.
 */
export interface Proxy {
  readonly host: '127.0.0.1'
  readonly port: number
  /** Connections open now. */
  connections(): number
  /** Connections ever accepted. */
  accepted(): number
  /** Bytes that came from clients, and from the server; also those that went no further. */
  received(): { requests: number; replies: number }

  /** Passes everything on at once; so it starts. What was held goes first. */
  pass(): void
  /** Replies come this much later, in milliseconds. */
  delayReplies(ms: number): void
  /**
   * Requests reach the server, replies are lost. A connection that lost one never gets another, as the client
   * would take it for the lost one: `reset` makes it connect anew.
   */
  dropReplies(): void
  /** Replies come one byte at a time, each in a packet of its own. */
  byteByByte(): void
  /** Replies are kept back until another mode is chosen. */
  holdReplies(): void
  /** Requests are kept back until another mode is chosen, and reach the server then. */
  holdRequests(): void
  /**
   * The server is as if unplugged: connections, old and new, stay open and nothing comes or goes on them any
   * more, in other modes too. `reset` ends them.
   */
  halfOpen(): void
  /** New connections are refused as if nobody listened; open ones go on as with `pass`. */
  refuse(): void

  /** Breaks all connections that are open now with a TCP reset; the mode stays. */
  reset(): void
  /** Ends everything; the server stays. */
  stop(): Promise<void>
}

/** Puts a proxy in front of a port of this machine. */
export async function startProxy({ to }: { readonly to: number }): Promise<Proxy> {
  const port = await freePort()
  const open = new Set<Connection>()
  const bytes = { requests: 0, replies: 0 }
  let accepted = 0
  let period = newPeriod({ name: 'pass' })
  let server: Server | undefined

  const listen = (): void => {
    server ??= createServer({ noDelay: true }, (client) => {
      accepted++
      const connection = joinWith(client, to, () => period, bytes)
      open.add(connection)
      void connection.closed.then(() => open.delete(connection))
    }).listen(port, '127.0.0.1')
  }
  const enter = (mode: Mode): void => {
    const before = period
    period = newPeriod(mode)
    before.end()
    if (mode.name === 'halfOpen') for (const connection of open) connection.unplug()
    if (mode.name !== 'refuse') return listen()
    server?.close()
    server = undefined
  }

  listen()
  await once(server!, 'listening')
  return {
    host: '127.0.0.1',
    port,
    connections: () => [...open].filter((connection) => connection.hasClient()).length,
    accepted: () => accepted,
    received: () => ({ ...bytes }),
    pass: () => enter({ name: 'pass' }),
    delayReplies: (ms) => enter({ name: 'delay', ms }),
    dropReplies: () => enter({ name: 'drop' }),
    byteByByte: () => enter({ name: 'bytes' }),
    holdReplies: () => enter({ name: 'holdReplies' }),
    holdRequests: () => enter({ name: 'holdRequests' }),
    halfOpen: () => enter({ name: 'halfOpen' }),
    refuse: () => enter({ name: 'refuse' }),
    reset() {
      for (const connection of open) connection.reset()
    },
    async stop() {
      for (const connection of open) connection.close()
      const closing = server
      if (closing === undefined) return
      closing.close()
      await once(closing, 'close')
    },
  }
}
