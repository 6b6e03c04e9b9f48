import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { counter } from '../src/http/cases/world.ts'

/** A server that listens: on a loopback port, or on a Unix socket, whose peers have no address. */
export interface Listening {
  /** For supertest: `http://127.0.0.1:port`, or `http+unix://` and the encoded path. */
  readonly url: string
  /** For `node:net` and `node:http`. */
  readonly at:
    | { readonly port: number; readonly host: string }
    | { readonly socketPath: string; readonly path: string }
  /** Connections that the server knows to be over. */
  readonly over: ReturnType<typeof counter>
  close(): Promise<void>
}

export async function listen(server: Server, onUnixSocket = false): Promise<Listening> {
  const folder = onUnixSocket ? await mkdtemp(join(tmpdir(), 'sluice-')) : undefined
  const path = folder && join(folder, 'socket')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path === undefined ? { port: 0, host: '127.0.0.1' } : { path }, resolve)
  })
  const over = counter()
  server.on('connection', (socket) => socket.once('close', over.add))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    if (folder !== undefined) await rm(folder, { recursive: true })
  }
  if (path !== undefined)
    return { url: `http+unix://${encodeURIComponent(path)}`, at: { socketPath: path, path }, over, close }
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, at: { port, host: '127.0.0.1' }, over, close }
}
