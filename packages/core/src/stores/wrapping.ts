import type { MaybePromise } from '../maybe-promise.ts'
import type { Mode, Store } from '../store.ts'
import { failurePolicy } from './failure-policy.ts'

/** What a wrapper leaves as it is, if the store has it. */
const PASSED = ['wallClock', 'probe', 'grant', 'giveBack', 'close'] as const

type Passed = (...given: unknown[]) => unknown

/**
 * A store around another one: what `own` says, and else what the inner store does. A failure policy, where the inner
 * store takes one, is put around the whole.
 */
export function wrapping<M extends Mode>(
  inner: Store<M>,
  own: Partial<Store<M>> & Pick<Store<M>, 'open' | 'take' | 'forget'>,
): Store<M> {
  // Called on the store, which may be an object of a class.
  const passed = PASSED.filter((name) => inner[name]).map(
    (name) => [name, (...given: unknown[]) => (inner[name] as Passed)(...given)] as const,
  )
  const store: Store<M> = {
    mode: inner.mode,
    atomic: inner.atomic ?? true,
    ...(Object.fromEntries(passed) as Pick<Store<M>, (typeof PASSED)[number]>),
    ...(inner.guarded && {
      // What may fail answers with promises.
      guarded: (onStoreError, on) => failurePolicy(store, onStoreError, on) as Store as Store<M>,
    }),
    ...own,
  }
  return store
}

/** A value in the way in which the store gives values. */
export const given = <T>({ mode }: Store, value: T): T | Promise<T> =>
  mode === 'sync' ? value : Promise.resolve(value)

/** Goes on with what a store does, or with how it fails, in the way in which the store gives values. */
export function settle<T>(
  { mode }: Store,
  run: () => MaybePromise<T>,
  done: (value: T) => T,
  failed: (error: unknown) => T,
): MaybePromise<T> {
  if (mode === 'async') return new Promise<T>((resolve) => resolve(run())).then(done, failed)
  try {
    return done(run() as T)
  } catch (error) {
    return failed(error)
  }
}
