import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clusterOfRun } from '../../../../../scripts/servers/of-run.ts'
import { clientKinds, type Connected } from '../../testing/redis-clients.ts'
import { slotOf, stateKey } from './keys.ts'

const strange = [
  'a',
  'a}b',
  'a{b',
  '{}',
  '{a}',
  '%7d',
  '}',
  '%',
  '\ud800',
  '\ufffd',
  '🔑',
  'é',
  'long'.repeat(2500),
]

describe('the names of states', () => {
  it('differ whenever a part differs', () => {
    const names = strange.flatMap((key) =>
      strange.flatMap((policy) => [
        stateKey('sluice', key, policy, 'a'),
        stateKey('sluice', key, policy, 'b'),
      ]),
    )
    const sent = new Set(names.map((name) => Buffer.from(name).toString('hex')))
    expect(sent.size).toBe(strange.length ** 2 * 2)
  })

  it('put all policies of a key into one slot of a Cluster', () => {
    for (const key of strange) {
      const slots = strange.map((policy) => slotOf(stateKey('sluice', key, policy, 'tokenBucket')))
      expect(new Set(slots).size).toBe(1)
    }
  })
})

describe('the slot of a key', () => {
  let connected: Connected
  beforeAll(async () => {
    const { nodes } = await clusterOfRun()
    connected = await (clientKinds[0] as (typeof clientKinds)[0]).single(nodes[0] as (typeof nodes)[0])
  })
  afterAll(() => connected.close())

  it('is the one that the servers say', async () => {
    const client = connected.client as unknown as { cluster(of: 'KEYSLOT', key: string): Promise<number> }
    for (const key of strange) {
      const name = stateKey('sluice', key, 'default', 'fixedWindow')
      expect(slotOf(name)).toBe(await client.cluster('KEYSLOT', name))
    }
  })
})
