import { connect } from 'node:net'
import type { Reply } from './resp.ts'

interface Asked {
  ask(...command: string[]): Promise<Reply>
}

/** How often a Redis ran each command since it started, by name in lower case: `{ evalsha: 3, 'script|load': 1 }`. */
export async function commandCalls(redis: Asked): Promise<Record<string, number>> {
  const text = String(await redis.ask('INFO', 'commandstats'))
  return numbers(text, /^cmdstat_(.+?):calls=(\d+)/gm)
}

/** The numbers in the answer to `stats` of the Memcached at `host:port`: `{ pid, cmd_get, cas_hits, … }`. */
export async function memcachedStats(address: string): Promise<Record<string, number>> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  try {
    socket.write('stats\r\n')
    let text = ''
    for await (const chunk of socket.setEncoding('latin1')) {
      text += String(chunk)
      if (text.endsWith('END\r\n')) return numbers(text, /^STAT (\S+) (\d+)\r/gm)
    }
    throw new Error('The connection closed before stats were answered')
  } finally {
    socket.destroy()
  }
}

/** By how much each number grew between two counts; those that did not grow are left out. */
export function growth(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const differences = Object.entries(after).map(
    ([name, count]) => [name, count - (before[name] ?? 0)] as const,
  )
  return Object.fromEntries(differences.filter(([, difference]) => difference !== 0))
}

function numbers(text: string, line: RegExp): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [, name, value] of text.matchAll(line)) all[name!] = Number(value)
  return all
}
