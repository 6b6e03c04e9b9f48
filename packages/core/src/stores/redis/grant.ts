import { isWhole } from '../../check.ts'
import { tooMany } from '../../grants.ts'
import type { Grant } from '../../store.ts'
import type { Connection } from './connection.ts'
import { safe } from './keys.ts'
import { grantScript, type Script } from './script.ts'

/**
 * Makes what adds units to a balance at a server.
 * @returns gets the keys of the state and of its ids
 */
export function createGrant(
  connection: Connection,
): (keys: string[], units: number, id: string) => Promise<Grant> {
  let script: Script | undefined

  return async (keys, units, id) => {
    script ??= grantScript()
    const reply = await connection.run(script, keys, [safe(id), String(units)])
    const [added, limit, remaining] = Array.isArray(reply) ? reply.map(Number) : []
    if (added === -1) tooMany(units)
    if (!isWhole(added) || !isWhole(limit) || !isWhole(remaining))
      throw new TypeError('the client of Redis gave no list of whole numbers for a script')
    return { granted: added === 1, limit, remaining }
  }
}
