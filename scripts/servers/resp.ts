import { once } from 'node:events'
import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

export type Reply = string | number | null | Reply[]

/** Where a Redis listens. */
export type Address = { readonly path: string } | { readonly port: number; readonly ca?: string }

/** Asks a Redis one thing on a connection of its own; errors of the server reject. For setting up, not for speed. */
export async function ask(address: Address, ...command: (string | number)[]): Promise<Reply> {
  const socket = open(address)
  try {
    socket.write(encode(command))
    let received = Buffer.alloc(0)
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer])
      const decoded = decode(received, 0)
      if (decoded === undefined) continue
      if (decoded.value instanceof Error) throw decoded.value
      return decoded.value
    }
    throw new Error(`The connection closed before ${command[0]} was answered`)
  } finally {
    socket.destroy()
  }
}

/** Whether anything accepts connections there. */
export async function accepts(address: { readonly host: string; readonly port: number }): Promise<boolean> {
  const socket = connect(address)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function open(address: Address): Socket {
  if ('path' in address) return connect(address.path)
  const { port, ca } = address
  return ca === undefined ? connect(port, '127.0.0.1') : connectTls({ host: '127.0.0.1', port, ca })
}

function encode(command: (string | number)[]): string {
  const parts = command.map(String)
  return `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`
}

interface Decoded {
  readonly value: Reply | Error
  /** Where the next one starts. */
  readonly next: number
}

/** One reply of RESP2 that starts at `from`, or nothing if not all of it has come. */
function decode(bytes: Buffer, from: number): Decoded | undefined {
  const lineEnd = bytes.indexOf('\r\n', from)
  if (lineEnd === -1) return undefined
  const line = bytes.toString('utf8', from + 1, lineEnd)
  const next = lineEnd + 2
  switch (String.fromCharCode(bytes[from]!)) {
    case '+':
      return { value: line, next }
    case '-':
      return { value: new Error(line), next }
    case ':':
      return { value: Number(line), next }
    case '$': {
      const length = Number(line)
      if (length === -1) return { value: null, next }
      const end = next + length
      return bytes.length < end + 2 ? undefined : { value: bytes.toString('utf8', next, end), next: end + 2 }
    }
    case '*':
      return decodeArray(bytes, next, Number(line))
    default:
      throw new Error(`Not a reply of Redis: ${line}`)
  }
}

function decodeArray(bytes: Buffer, from: number, length: number): Decoded | undefined {
  if (length === -1) return { value: null, next: from }
  const value: Reply[] = []
  let next = from
  while (value.length < length) {
    const decoded = decode(bytes, next)
    if (decoded === undefined) return undefined
    if (decoded.value instanceof Error) return { value: decoded.value, next: decoded.next }
    value.push(decoded.value)
    next = decoded.next
  }
  return { value, next }
}
