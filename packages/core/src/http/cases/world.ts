import type { Store } from '../../store.ts'
import { memoryStore } from '../../stores/memory.ts'
import type { CaseApp, CaseOptions, CaseRequest, CaseResponse, HttpCase, OpenedApp } from './app.ts'

/** What a case has at hand: apps of the framework under test, and the time. */
export interface World {
  /** Opens an app; it is closed when the case is over. With options: those of the only limiter. */
  open(app: CaseApp | CaseOptions): Promise<Client>
  /** A store that goes by `clock`. */
  store(): Store
  readonly clock: { now: number }
}

/** Sends requests as one client, `ada`, unless headers say otherwise. */
export interface Client {
  get(path?: string, headers?: Record<string, string>): Promise<CaseResponse>
  send(request: Partial<CaseRequest>): Promise<CaseResponse>
  readonly errors: readonly unknown[]
}

/** 2026-09-21T14:13:20.400Z, in the middle of a second. */
const START = 1_790_000_000_400

/** Runs a case in a world of its own. */
export function httpCase(name: string, check: (world: World) => Promise<void>): HttpCase {
  return {
    name,
    async run(openApp, newStore = (time) => memoryStore({ clock: time })) {
      const opened: OpenedApp[] = []
      const clock = { now: START }
      const store = (): Store => newStore(() => clock.now)
      const open: World['open'] = async (given) => {
        const app = await openApp(typeof given === 'function' ? { limiters: [{ options: given }] } : given)
        opened.push(app)
        return clientOf(app)
      }
      try {
        await check({ open, store, clock })
      } finally {
        for (const app of opened) await app.close()
      }
    },
  }
}

/** The same world, in which time passes as it does: who is held back is held by timers. */
export function flowing(world: World): World {
  const startMs = world.clock.now - performance.now()
  Object.defineProperty(world.clock, 'now', { get: () => Math.floor(startMs + performance.now()) })
  return world
}

function clientOf(app: OpenedApp): Client {
  const send: Client['send'] = ({ method = 'GET', path = '/', headers = {} }) =>
    app.send({ method, path, headers: { 'x-client': 'ada', ...headers } })
  return { send, get: (path = '/', headers = {}) => send({ path, headers }), errors: app.errors }
}

/** Asks so many times in turn, and tells the statuses. */
export async function statuses(times: number, ask: () => Promise<CaseResponse>): Promise<number[]> {
  const seen: number[] = []
  for (let time = 0; time < times; time++) seen.push((await ask()).status)
  return seen
}

/** Asks as a client behind proxies: its address, then what each proxy saw of the one before it. */
export function from(app: Client, ...hops: string[]): () => Promise<CaseResponse> {
  return async () => app.get('/', { 'x-forwarded-for': hops.join(', ') })
}

/** How much a response says is left, by its first policy. */
export function remaining({ headers }: CaseResponse): number {
  return Number(/;r=(\d+)/.exec(headers['ratelimit'] ?? '')?.[1])
}

/** The members of a list field, in order of their text: which of two limiters writes first differs. */
export function members(field: string | undefined): string[] {
  return (field ?? '').split(', ').toSorted()
}

/** The header fields of a response that limiters write, without those that it has not. */
export function limitHeaders({ headers }: CaseResponse): Record<string, string> {
  const names = /^(?:x-)?ratelimit|^retry-after$/
  const entries = Object.entries(headers).filter(([name, value]) => names.test(name) && value !== undefined)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) as Record<string, string>
}

/** A door that handlers wait at, until it is opened for good. */
export function door(): { wait(): Promise<void>; open(): void; reached(times: number): Promise<void> } {
  const arrivals = counter()
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return {
    wait() {
      arrivals.add()
      return opened
    },
    open,
    reached: arrivals.reached,
  }
}

/** Counts events that are awaited. */
export function counter(): { add(): void; count(): number; reached(times: number): Promise<void> } {
  let count = 0
  let waiting: { times: number; resolve: () => void }[] = []
  return {
    add() {
      count++
      for (const { times, resolve } of waiting) if (count >= times) resolve()
      waiting = waiting.filter(({ times }) => times > count)
    },
    count: () => count,
    reached: (times) =>
      new Promise((resolve) => {
        if (count >= times) resolve()
        else waiting.push({ times, resolve })
      }),
  }
}
