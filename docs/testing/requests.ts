import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type RequestListener,
} from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a client saw. */
export interface Seen {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Sent {
  readonly path?: string
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  /** Leaves before there is an answer. */
  readonly signal?: AbortSignal
}

/** Sends one request to an app. */
export interface Send {
  (sent?: Sent): Promise<Seen>
  /** The statuses of so many requests that arrive in one instant. */
  together(times: number): Promise<number[]>
}

/** Serves an app until the test is over. */
export async function serve(listener: RequestListener): Promise<Send> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return sendTo(server)
}

/** Sends to a server that listens: each request over a connection of its own, or all in one piece over one. */
export function sendTo(server: Server): Send {
  const { port } = server.address() as AddressInfo
  const place = { port, host: '127.0.0.1' }

  async function send(sent: Sent = {}): Promise<Seen> {
    const asked = request({ ...place, agent: false, ...sent }).end(sent.body)
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    let body = ''
    for await (const part of response.setEncoding('utf8')) body += part as string
    return { status: response.statusCode ?? 0, headers: response.headers, body }
  }

  async function together(times: number): Promise<number[]> {
    const socket = connect(place).setEncoding('utf8')
    const one = 'GET / HTTP/1.1\r\nHost: localhost\r\n'
    socket.write(`${`${one}\r\n`.repeat(times - 1)}${one}Connection: close\r\n\r\n`)
    let text = ''
    for await (const part of socket) text += part as string
    return Array.from(text.matchAll(/HTTP\/1\.1 (\d+)/g), ([, status]) => Number(status))
  }

  return Object.assign(send, { together })
}

/** The statuses of so many requests, one after the other. */
export async function statusesOf(send: Send, times: number, sent: Sent = {}): Promise<number[]> {
  const statuses: number[] = []
  for (let turn = 0; turn < times; turn++) statuses.push((await send(sent)).status)
  return statuses
}
