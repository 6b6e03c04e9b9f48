import type { Algorithm } from '../../algorithm.ts'
import { fixedWindow } from '../../algorithms/fixed-window.ts'
import { after, type MaybePromise } from '../../maybe-promise.ts'
import type { ChargeKind, Store } from '../../store.ts'
import { byHeader } from '../keys.ts'
import type { CaseApp, CaseOptions } from './app.ts'
import { type Client, counter, type World } from './world.ts'

const key = byHeader('x-client')

export const tenSeconds: Algorithm = fixedWindow({ limit: 9, window: '10s' })

/** What a store was told after responses, call by call. */
export interface Settlements {
  readonly store: Store
  /** `'requests refund 1'`, of each policy that a call is about. */
  readonly calls: readonly string[][]
  readonly reached: ReturnType<typeof counter>['reached']
}

const SETTLING: readonly ChargeKind[] = ['refund', 'force']

/** A store that tells what it is told after responses. */
export function watched(store: Store): Settlements {
  const calls: string[][] = []
  const made = counter()
  const take: Store['take'] = (charges) =>
    after(store.take(charges), (ruling) => {
      const told = charges.filter(({ kind }) => SETTLING.includes(kind))
      if (told.length > 0) {
        calls.push(told.map(({ slot, kind, cost }) => `${slot.name} ${kind} ${cost}`))
        made.add()
      }
      return ruling
    }) as ReturnType<Store['take']>
  // A failure policy would be asked instead, and nothing be seen.
  const { guarded: _, ...bare } = store
  return { store: { ...bare, take }, calls, reached: made.reached }
}

type OfResponse<T> = (...all: readonly unknown[]) => MaybePromise<T>

/** Options that charge otherwise after the response. Their functions get the request and, last, what is known of the response. */
export interface Charging {
  readonly cost?: number | (() => number)
  readonly algorithm?: Algorithm
  readonly refundWhen?: 'failed' | 'successful' | OfResponse<boolean>
  readonly settle?: 'bytes' | OfResponse<number | undefined>
  readonly maxDebt?: number
}

export interface Settled extends Settlements {
  readonly app: Client
}

/** What the store is told of the end of every response by a policy that is there for that. */
export const ended = 'end refund 1'

/** An app with a policy `requests`, 9 in 10 seconds, that charges as options say, beside one that tells of every end. */
export async function openSettled(
  world: World,
  charging: Charging | ((clientOf: (all: readonly unknown[]) => string | undefined) => Charging),
  app: Partial<CaseApp> = {},
): Promise<Settled> {
  const settlements = watched(world.store())
  const { store } = settlements
  const options: CaseOptions = (header) => ({
    store,
    policies: [
      {
        name: 'requests',
        algorithm: tenSeconds,
        key,
        ...(typeof charging === 'function'
          ? charging((all) => header('x-client', ...(all.slice(0, -1) as never)))
          : charging),
      },
      { name: 'end', limit: 100, window: '1h', key, refundWhen: () => true },
    ],
  })
  return { ...settlements, app: await world.open({ limiters: [{ options }], ...app }) }
}
