import type { Connection } from './connection.ts'
import { scriptOf } from './script.ts'

const DELETE = scriptOf([`return redis.call('DEL', KEYS[1])`])

/** Looks through all keys of a server, some at a time: answers with the cursor to go on with. */
const DELETE_MATCHING = scriptOf([
  `
local found = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', 1000)
for _, key in ipairs(found[2]) do redis.call('DEL', key) end
return found[1]`,
])

/** Forgets one state. */
export async function forgetKey(connection: Connection, key: string): Promise<void> {
  await connection.run(DELETE, [key], [])
}

/** Forgets all states whose names match, on each server. Meant for tests: it looks at every key there is. */
export async function forgetMatching(connections: readonly Connection[], pattern: string): Promise<void> {
  await Promise.all(
    connections.map(async (connection) => {
      let cursor = '0'
      do {
        cursor = String(await connection.run(DELETE_MATCHING, [], [cursor, pattern]))
      } while (cursor !== '0')
    }),
  )
}
