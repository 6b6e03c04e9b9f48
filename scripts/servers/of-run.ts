import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'

/** The servers that all test files of a run share: started when first asked for, stopped at the end of the run. */
export interface ServersOfRun {
  /** The one that REDIS_URL names, or one of this run alone. */
  redis: { readonly url: string; readonly host: string; readonly port: number }
  /** Three masters, always of this run alone. */
  cluster: { readonly nodes: readonly { readonly host: string; readonly port: number }[] }
  /** The one that MEMCACHED_URL names, or one of this run alone; the address is `host:port`. */
  memcached: { readonly address: string }
}

/** What all keys of a test file have to start with: others use the same server, maybe people who gave theirs. */
interface Prefixed {
  /** `sluice-test-` and 12 random characters, other ones at each call. */
  readonly prefix: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the process that runs the tests tells of the servers it has. */
    serversOfRun: string
  }
}

export const redisOfRun = (): Promise<ServersOfRun['redis'] & Prefixed> => ofRun('redis')
export const clusterOfRun = (): Promise<ServersOfRun['cluster'] & Prefixed> => ofRun('cluster')
export const memcachedOfRun = (): Promise<ServersOfRun['memcached'] & Prefixed> => ofRun('memcached')

async function ofRun<Name extends keyof ServersOfRun>(name: Name): Promise<ServersOfRun[Name] & Prefixed> {
  const response = await fetch(`${inject('serversOfRun')}/${name}`)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return {
    ...(JSON.parse(text) as ServersOfRun[Name]),
    prefix: `sluice-test-${randomBytes(6).toString('hex')}`,
  }
}
