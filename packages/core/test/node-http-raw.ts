import { connect, type Socket } from 'node:net'
import type { Listening } from './node-http-server.ts'

/** A connection that says and hears plain bytes, as HTTP clients do that are not polite. */
export interface Connection {
  /** Sends text as it is. */
  say(text: string): void
  /** Resolves when so much was heard that the check holds, with all that was heard; rejects when the other side ends. */
  hears(check: (heard: string) => boolean): Promise<string>
  /** Resolves with all that was heard when the other side has closed the connection. */
  heardAll(): Promise<string>
  /** Goes away without a word. */
  vanish(): void
}

export async function connection({ at }: Listening): Promise<Connection> {
  const socket: Socket = connect(at)
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let heard = ''
  let checks: (() => void)[] = []
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => {
    heard += part
    for (const check of checks) check()
  })
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
  })

  return {
    say: (text) => void socket.write(text),
    hears: async (check) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (check(heard)) resolve(heard)
        }
        checks = [...checks, look]
        look()
        void closed.then(() => reject(new Error(`the connection was closed, after: ${heard}`)))
      }),
    heardAll: async () => closed.then(() => heard),
    vanish: () => void socket.destroy(),
  }
}

/** A request as text. */
export const asking = (path: string, method = 'GET', client = 'ada'): string =>
  `${method} ${path} HTTP/1.1\r\nhost: app.example\r\nx-client: ${client}\r\n\r\n`

/** The statuses of the answers in what was heard. */
export const statusesIn = (heard: string): number[] =>
  Array.from(heard.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => Number(status))
