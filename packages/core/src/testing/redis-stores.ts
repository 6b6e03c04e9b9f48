import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { clusterOfRun, redisOfRun } from '../../../../scripts/servers/of-run.ts'
import type { Store } from '../store.ts'
import { redisStore } from '../stores/redis/index.ts'
import { clientKinds, type Connected, newestKinds } from './redis-clients.ts'

/** A store on real servers that has keys of its own each time. */
export interface StoreSetup {
  readonly name: string
  /** By a client of the major version before: what depends on clients is the same in both. */
  readonly isOlder?: boolean
  connect(): Promise<Connected>
}

/** One Redis, by each client that is supported. */
export const singleSetups: readonly StoreSetup[] = clientKinds.map(({ name, single }, index) => ({
  name: `one Redis by ${name}`,
  isOlder: index >= newestKinds.length,
  connect: async () => single(await redisOfRun()),
}))

/** A Cluster of three masters, by each client that is supported. */
export const clusterSetups: readonly StoreSetup[] = clientKinds.map(({ name, cluster }, index) => ({
  name: `a Cluster by ${name}`,
  isOlder: index >= newestKinds.length,
  connect: async () => cluster((await clusterOfRun()).nodes),
}))

export const newPrefix = (): string => `sluice-test-${randomBytes(6).toString('hex')}`

/** Opens stores on a set-up for the tests of a `describe`, connected before them and closed after. */
export function storesOn(setup: StoreSetup): (clock: () => number) => Store<'async'> {
  let connected: Connected
  beforeAll(async () => {
    connected = await setup.connect()
  })
  afterAll(() => connected?.close())
  return (clock) =>
    redisStore(connected.client, { clock, prefix: newPrefix(), timeout: '5s', denyCache: false })
}
