import { StoreError } from '../../store-error.ts'

/** What is known of the client's inside. Where it is otherwise, commands are sent as they come. */
interface Inside {
  readonly servers?: readonly string[]
  readonly HashRing?: { get(key: string): string | undefined }
  readonly connections?: Record<string, { readonly pool?: readonly { readonly readyState: string }[] }>
}

interface Opening {
  readonly since: number
  readonly found: Promise<unknown>
}

/** Sends a command to the server of a key, by its full name, once there is a connection. */
export interface Connections {
  /** Reads; may be sent before there is a connection. */
  read<T>(key: string, send: () => Promise<T>): Promise<T>
  /** Anything else. `read` reads the key, for the case that there is no connection yet. */
  write<T>(key: string, read: () => Promise<unknown>, send: () => Promise<T>): Promise<T>
}

/**
 * Keeps the `memcached` package from two habits. As long as its connections are being opened, the eleventh command
 * finds "the connection pool is full", and waits a second or takes the server for dead. And a command that waits
 * for a connection is sent when there is one, long after its caller has gone, and would be charged then. So the
 * first command to a server without a connection is a read, the others wait for it, and what has waited for longer
 * than the timeout is not sent.
 */
export function connectionsOf(client: object, timeoutMs: number): Connections {
  const { servers = [], HashRing: ring, connections = {} } = client as Inside
  const openings = new Map<string, Opening>()

  /** The server of a key, if it has no connection. */
  function unconnected(key: string): string | undefined {
    const server = servers.length === 1 ? servers[0] : ring?.get(key)
    if (server === undefined) return undefined
    const { pool } = connections[/:\d+$/.test(server) ? server : `${server}:11211`] ?? {}
    return pool?.some(({ readyState }) => readyState === 'open') ? undefined : server
  }

  async function open<T>(server: string, read: () => Promise<T>): Promise<T> {
    const opening = { since: performance.now(), found: read() }
    openings.set(server, opening)
    try {
      return await opening.found
    } finally {
      if (openings.get(server) === opening) openings.delete(server)
    }
  }

  /** The read that is opening a connection, unless it takes too long. */
  function openingOf(server: string): Promise<unknown> | undefined {
    const opening = openings.get(server)
    return opening && performance.now() - opening.since < timeoutMs ? opening.found : undefined
  }

  async function later<T>(opened: Promise<unknown>, send: () => Promise<T>): Promise<T> {
    const since = performance.now()
    await opened
    if (performance.now() - since < timeoutMs) return send()
    throw new StoreError('timeout', `Memcached had no connection within ${timeoutMs} ms`)
  }

  return {
    read(key, send) {
      const server = unconnected(key)
      if (server === undefined) return send()
      const opened = openingOf(server)
      return opened ? later(opened, send) : open(server, send)
    },
    write(key, read, send) {
      const server = unconnected(key)
      return server === undefined ? send() : later(openingOf(server) ?? open(server, read), send)
    },
  }
}
