import { shown } from '../../check.ts'
import { isNpmClient, type MemcachedClient, npmPort } from './npm-client.ts'
import type { MemcachedPort } from './port.ts'

const COMMANDS = ['gets', 'cas', 'add', 'incr', 'delete'] as const

/**
 * The port of a client: of the `memcached` package, known by what it can do, or the client itself.
 * @throws TypeError when it is neither
 */
export function portOf(client: MemcachedClient | MemcachedPort, timeoutMs: number): MemcachedPort {
  if (isNpmClient(client)) return npmPort(client, timeoutMs)
  const methods = Object(client) as Record<string, unknown>
  if (!COMMANDS.every((command) => typeof methods[command] === 'function'))
    throw new TypeError(
      `client must be one of the package \`memcached\`, or a MemcachedPort (${COMMANDS.join(', ')}), got ${shown(client)}`,
    )
  return client
}
