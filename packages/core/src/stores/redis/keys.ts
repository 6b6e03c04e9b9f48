/**
 * The name of a state in Redis: `prefix:{key}:policy:kind`. What is in braces decides the slot of a Cluster, so that all
 * policies of one partition key are decided together on one server.
 */
export const stateKey = (prefix: string, key: string, policy: string, kind: string): string =>
  `${prefix}:{${safe(key)}}:${safe(policy)}:${kind}`

/** The names of all that is kept of a state: for a balance the ids of its grants, too, on the same server. */
export const keysOf = (state: string, isLasting: boolean | undefined): string[] =>
  isLasting ? [state, `${state}:grants`] : [state]

/** A key on the same server as a state, or on any. */
export const probeKey = (prefix: string, state: string | undefined): string =>
  state === undefined ? `${prefix}:{probe}:probe` : `${state.slice(0, state.indexOf('}') + 1)}:probe`

/** A brace ends the tag; all halves of surrogate pairs would become one and the same replacement character. */
const UNSAFE = /[%}\u{D800}-\u{DFFF}]/gu

/** Text as it stands in names. */
export const safe = (text: string): string =>
  text.replace(UNSAFE, (character) => `%${character.charCodeAt(0).toString(16)}`)

/** A pattern of `SCAN` that finds the states of all keys of a policy and kind. */
export const statePattern = (prefix: string, policy: string, kind: string): string =>
  `${globbed(prefix)}:{*}:${globbed(safe(policy))}:${globbed(kind)}`

const globbed = (text: string): string => text.replace(/[\\*?[\]^-]/g, '\\$&')

/** The hash slot that Redis Cluster gives to a key: CRC16 (XMODEM, polynomial 0x1021) of its tag, modulo 16384. */
export function slotOf(key: string): number {
  const tag = /\{([^}]+)\}/.exec(key)?.[1] ?? key
  let crc = 0
  for (const byte of encoder.encode(tag)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    crc &= 0xffff
  }
  return crc % 16_384
}

const encoder = new TextEncoder()
