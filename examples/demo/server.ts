import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { DemoError } from './options.ts'

export interface RunningServer {
  readonly url: string
  /** Ends every connection, idle or not. */
  close(): Promise<void>
}

/** Serves on this machine only, because the app believes whoever reaches it about the client's address. */
export async function serve(app: Express, port: number): Promise<RunningServer> {
  const server = createServer((req, res) => void app(req, res))
  // A client that waits for its quota comes back on the connection that it has.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(whyNot(error, port)))
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function whyNot(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new DemoError(`Port ${port} is taken: choose another, as in PORT=${port + 1} npm run demo.`)
  }
  if (error.code === 'EACCES') {
    return new DemoError(`Port ${port} needs rights that you do not have: choose one from 1024 up.`)
  }
  return error
}
