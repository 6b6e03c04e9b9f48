import type { Charge, Store } from '../../store.ts'
import { denyCache as withDenyCache } from '../deny-cache.ts'
import { failurePolicy } from '../failure-policy.ts'
import { lease as withLease } from '../lease.ts'
import { portOf, type RedisClient } from './clients.ts'
import { connect } from './connection.ts'
import { createDecide } from './decide.ts'
import { forgetKeys, forgetMatching } from './forget.ts'
import { createGrant } from './grant.ts'
import { keysOf, probeKey, stateKey, statePattern } from './keys.ts'
import { twins } from './lua/index.ts'
import { redisSettings, type RedisStoreOptions } from './options.ts'
import { scriptOf } from './script.ts'
import { decideBySlot } from './slots.ts'

/** How long a look at some of all keys may take, in milliseconds. */
const LOOK_TIMEOUT_MS = 5000

/** Writes, since a server that can only be read is of no use. */
const PROBE = scriptOf([`return redis.call('SET', KEYS[1], '1', 'PX', 1000)`])

/**
 * Keeps limits in Redis, so that all processes count together: one script per decision, by the server's clock.
 *
 * Every decision is one round trip, whatever the number of policies. In Redis Cluster policies with different keys may
 * be on several servers: these decide at the same time, and where one refuses, the others give back what they charged.
 * Every key has a time to live, but for balances of `prepaid` and the ids of their grants, which must not be lost: give
 * the server a `maxmemory-policy` that evicts none of them, and have it save what it holds.
 * The client is yours: Sluice opens no connection and closes none.
 *
 * @param client of ioredis 5 or 6 or node-redis 5 or 6 (single, Sentinel or Cluster), or a `RedisPort`
 * @throws TypeError, RangeError for what is no client, and for options out of range
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store<'async'> {
  const port = portOf(client)
  const { prefix, timeoutMs, denyCache, lease, clock } = redisSettings(options)
  const connection = connect(port, timeoutMs)
  const keyOf = ({ slot, key }: Pick<Charge, 'slot' | 'key'>): string =>
    stateKey(prefix, key, slot.name, slot.algorithm.kind)
  const decide = createDecide(connection, keyOf, clock)
  const grant = createGrant(connection)
  const take = port.masters ? decideBySlot(decide, keyOf, connection.deadline) : decide

  let store: Store<'async'> = {
    mode: 'async',
    atomic: port.masters === undefined,
    ...(clock && { wallClock: clock }),
    open(name, algorithm) {
      if (!Object.hasOwn(twins, algorithm.kind))
        throw new TypeError(`redisStore knows no algorithm of kind '${algorithm.kind}'`)
      return { name, algorithm }
    },
    take: (charges) =>
      charges.length > 0
        ? take(charges)
        : Promise.resolve({ allowed: true, at: Math.floor((clock ?? Date.now)()), source: 'store' }),
    grant: (slot, key, units, id) => grant(keysOf(keyOf({ slot, key }), true), units, id),
    async forget(slot, key) {
      const { kind, lasting } = slot.algorithm
      if (key !== undefined) return forgetKeys(connection, keysOf(keyOf({ slot, key }), lasting))
      const ports = (await port.masters?.()) ?? [port]
      // It looks at all keys there are, some at a time.
      const connections = ports.map((master) => connect(master, Math.max(timeoutMs, LOOK_TIMEOUT_MS)))
      return forgetMatching(connections, keysOf(statePattern(prefix, slot.name, kind), lasting))
    },
    probe: () => connection.probe(PROBE, (state) => probeKey(prefix, state)),
    guarded: (onStoreError, on) => failurePolicy(store, onStoreError, on),
  }
  if (denyCache !== false) store = withDenyCache(store, denyCache)
  // What this process holds is spent before a refusal is remembered.
  if (lease !== false) store = withLease(store, lease)
  return store
}
