/** The examples in docs/headers.md are what a middleware sends, byte for byte. */

import { expect, it } from 'vitest'
import { createHttpLimiter, type Framework } from '../packages/core/src/http/index.ts'
import {
  calendarWindow,
  concurrency,
  createLimiter,
  fixedWindow,
  memoryStore,
  prepaid,
  tokenBucket,
} from '../packages/core/src/index.ts'
import { blocksOf } from './testing/markdown.ts'

/** 2026-09-21T14:13:20.400Z */
const NOW = 1_790_000_000_400

const framework: Framework<[]> = {
  method: () => 'GET',
  header: () => undefined,
  address: () => '203.0.113.7',
  peer: () => '203.0.113.7',
  route: () => '/',
}

interface Sent {
  readonly headers: string
  readonly body: unknown
}

/** What a middleware sends at `NOW`, after requests at earlier times. */
async function sent(options: any, earlier: readonly number[] = []): Promise<Sent> {
  let now = 0
  const store = memoryStore({ clock: () => now })
  const http = createHttpLimiter<[]>({ store, ...options }, framework)
  for (now of earlier) await http.handle()
  now = NOW
  const outcome = await http.handle()
  const fields = new Map<string, string>()
  outcome?.writeHeaders({
    get: (name) => fields.get(name),
    set: (name, value) => void fields.set(name, value),
    remove: (name) => void fields.delete(name),
  })
  const lines = Array.from(fields, ([name, value]) => `${name}: ${value}\n`)
  return { headers: lines.join(''), body: JSON.parse(outcome?.refusal?.body ?? 'null') }
}

const five = { algorithm: fixedWindow({ limit: 5, window: '1m' }) }
const opened = NOW - 47_655
const policies = [
  { name: 'burst', algorithm: tokenBucket({ capacity: 10, refill: 10, per: '1s' }) },
  { name: 'daily', algorithm: calendarWindow({ limit: 1000, every: 'day' }) },
]

/** What an example shows, where it is not the format of its name. */
const shows: Record<string, () => Promise<Sent>> = {
  refused: () =>
    sent(
      { ...five, headers: 'draft-11' },
      Array.from({ length: 5 }, () => opened),
    ),
  'two-policies': () => sent({ policies }),
  concurrency: () => sent({ algorithm: concurrency({ limit: 10, ttl: '30s' }) }),
  prepaid() {
    const shared = { store: memoryStore({ clock: () => NOW }), shared: true, algorithm: prepaid() }
    createLimiter(shared).grant('ip:203.0.113.7', 100, { id: 'payment 1' })
    return sent(shared)
  },
  near: () => sent({ ...five, warnAt: 0.8, headers: 'draft-11' }, [opened, opened, opened]),
  expose: () => sent({ ...five, expose: true }),
}

const blocks = blocksOf('docs/headers.md')
const lines = (text: string): string[] => text.trim().split('\n')

async function shown(info: string): Promise<Sent> {
  return shows[info]?.() ?? sent({ ...five, headers: info }, [opened, opened])
}

it.each(blocks.filter(({ language }) => language === 'json'))(
  'line $line: the body',
  async ({ info, text }) => {
    expect(JSON.parse(text)).toEqual((await shown(info)).body)
  },
)

it.each(blocks.filter(({ language }) => language === 'http'))('line $line: $info', async ({ info, text }) => {
  const { headers } = await shown(info)
  // The header of that example comes beside those of all the others.
  const all = lines(headers).filter((line) => info !== 'expose' || line.startsWith('Access-Control-'))
  expect(new Set(all)).toEqual(new Set(lines(text)))
})

it.each(['draft-8', 'draft-9', 'draft-10'])('%s is draft-11 under an older name', async (name) => {
  expect(await sent({ ...five, headers: name })).toEqual(await sent({ ...five, headers: 'draft-11' }))
})
