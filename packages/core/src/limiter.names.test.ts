import { describe, expect, it } from 'vitest'
import { fixedWindow } from './algorithms/fixed-window.ts'
import { createLimiter } from './limiter.ts'
import type { PolicyList } from './policies.ts'
import type { Store } from './store.ts'
import { memoryStore } from './stores/memory.ts'
import { thrown } from './testing/thrown.ts'

const algorithm = fixedWindow({ limit: 3, window: '1m' })
const named = <const Name extends string>(...names: Name[]): PolicyList<Name> => ({
  policies: names.map((name) => ({ name, algorithm })),
})
const taken = (name: string): RegExp =>
  new RegExp(`^TypeError: a policy's name must be free on this store .*, got '${name}'$`)

describe('the names of a store', () => {
  it('are each for one limiter', () => {
    const store = memoryStore()
    createLimiter({ store, ...named('a', 'b') })
    expect(thrown(() => createLimiter({ store, ...named('c', 'b') }))).toMatch(taken('b'))
    expect(thrown(() => createLimiter({ store, ...named('b') }))).toMatch(
      /rename it, or say \{ shared: true \}/,
    )
    createLimiter({ store, ...named('c') })
    createLimiter({ store: memoryStore(), ...named('a') })
  })

  it('can be shared by a limiter that says so, which counts together with the other', () => {
    const store = memoryStore()
    const one = createLimiter({ store, algorithm })
    const other = createLimiter({ store, algorithm, shared: true })
    one.take('ada')
    other.take('ada')
    expect(one.take('ada').remaining).toBe(0)
    expect(thrown(() => createLimiter({ store, algorithm }))).toMatch(taken('default'))
  })

  it('are free again when every limiter that had them is closed', async () => {
    const store = memoryStore()
    const one = createLimiter({ store, algorithm })
    const other = createLimiter({ store, algorithm, shared: true })
    const third = createLimiter({ store, ...named('third') })
    await one.close()
    await one.close()
    expect(thrown(() => createLimiter({ store, algorithm }))).toMatch(taken('default'))
    expect(thrown(() => createLimiter({ store, ...named('third') }))).toMatch(taken('third'))
    await other.close()
    createLimiter({ store, algorithm })
    await third.close()
    createLimiter({ store, ...named('third') })
  })

  it('go with the policies of an update', () => {
    const store = memoryStore()
    const limiter = createLimiter<'sync', string>({ store, ...named('a', 'b') })
    limiter.update(named('b', 'c'))
    createLimiter({ store, ...named('a') })
    expect(thrown(() => createLimiter({ store, ...named('b') }))).toMatch(taken('b'))
    expect(thrown(() => createLimiter({ store, ...named('c') }))).toMatch(taken('c'))
  })

  it('stay as they were when an update wants one that is taken', async () => {
    const store = memoryStore()
    const limiter = createLimiter<'sync', string>({ store, ...named('mine') })
    const other = createLimiter({ store, ...named('theirs') })
    expect(thrown(() => limiter.update(named('mine', 'theirs')))).toMatch(taken('theirs'))
    expect(limiter.policies.map(({ name }) => name)).toEqual(['mine'])
    expect(limiter.take('ada').allowed).toBe(true)
    expect(thrown(() => createLimiter({ store, ...named('mine') }))).toMatch(taken('mine'))
    await limiter.close()
    expect(thrown(() => createLimiter({ store, ...named('theirs') }))).toMatch(taken('theirs'))
    await other.close()
    createLimiter({ store, ...named('mine', 'theirs') })
  })

  it('are free again when the store could not open a policy', () => {
    const memory = memoryStore()
    let refusing = true
    const store: Store<'sync'> = {
      ...memory,
      open(name, opened) {
        if (refusing) throw new Error('no such algorithm here')
        return memory.open(name, opened)
      },
    }
    expect(thrown(() => createLimiter({ store, algorithm }))).toBe('Error: no such algorithm here')
    refusing = false
    const limiter = createLimiter({ store, algorithm })
    refusing = true
    expect(thrown(() => limiter.update({ limit: 5, window: '1m' }))).toBe('Error: no such algorithm here')
    expect(thrown(() => createLimiter({ store, algorithm }))).toMatch(taken('default'))
    expect(limiter.take('ada')).toMatchObject({ allowed: true, limit: 3 })
  })
})
