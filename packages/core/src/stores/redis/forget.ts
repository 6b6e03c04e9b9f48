import type { Connection } from './connection.ts'
import { scriptOf } from './script.ts'

const DELETE = scriptOf([`return redis.call('DEL', unpack(KEYS))`])

/** Looks through all keys of a server, some at a time: answers with the cursor to go on with. */
const DELETE_MATCHING = scriptOf([
  `
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
for _, key in ipairs(found[2]) do redis.call('DEL', key) end
return found[1]`,
])

/** Forgets the keys of one state. */
export async function forgetKeys(connection: Connection, keys: string[]): Promise<void> {
  await connection.run(DELETE, keys, [])
}

/** Forgets all keys whose names match a pattern, on each server. Meant for tests: it looks at every key there is. */
export async function forgetMatching(
  connections: readonly Connection[],
  patterns: readonly string[],
): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      for (const pattern of patterns) {
        let cursor = '0'
        do {
          cursor = String(await connection.run(DELETE_MATCHING, [], [cursor, pattern]))
        } while (cursor !== '0')
      }
    }),
  )
}
