import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A TCP port of 127.0.0.1 on which nobody listens: 12000 to 22000.
 *
 * Not one that the system would choose: those are also given to outgoing connections, and a client that keeps
 * asking for such a port while its server is down can end up connected to itself. And 10000 more, where a
 * Redis Cluster has its bus, is a port too.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 22_000)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen({ port, host: '127.0.0.1' })
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
