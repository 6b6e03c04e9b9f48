import { ipKey } from '@sluice/express'
import type { LogRequest, Unreadable } from './log-line.ts'
import type { LimitedClient, Progress, ReplayReport } from './messages.ts'
import { createModel } from './model.ts'
import type { PolicyName } from './policies.ts'
import type { Standing } from './read-answer.ts'

export interface Tally {
  /** Notes a request that is about to be sent; tells what the answer has to be, where that is known. */
  expect(request: LogRequest): readonly PolicyName[] | undefined
  answered(request: LogRequest, standing: Standing, expected: readonly PolicyName[] | undefined): void
  skip(why: Unreadable, line: number): void
  progress(bytes: number): Progress
  report(): ReplayReport
}

interface Client {
  requests: number
  burst: number
  quota: number
  first: string
  last: string
  /** One of its lines was older than the newest before it: `createModel` does not know what happens then. */
  late: boolean
}

const shownClients = 20
const shownFaults = 20

/** Who a client is to the limits: an IPv4 address, or the network of an IPv6 address. */
export const clientOf = (address: string): string => ipKey(address).replace('ip:', '')

/** Adds up a replay. What it keeps grows with the number of clients, not with that of requests. */
export function createTally(): Tally {
  const clients = new Map<string, Client>()
  const skipped = new Map<Unreadable, { lines: number; first: number }>()
  const refusals = createModel()
  const faults: string[] = []
  let requests = 0
  let refused = 0
  let late = 0
  let from: LogRequest | undefined
  let to: LogRequest | undefined

  function clientFor({ address }: LogRequest): [string, Client] {
    const name = clientOf(address)
    const client = clients.get(name) ?? { requests: 0, burst: 0, quota: 0, first: '', last: '', late: false }
    clients.set(name, client)
    return [name, client]
  }

  return {
    expect(request) {
      const [name, client] = clientFor(request)
      const isLate = to !== undefined && request.atMs < to.atMs
      if (isLate) {
        late++
        client.late = true
      } else {
        to = request
      }
      if (from === undefined || request.atMs < from.atMs) from = request
      return client.late ? undefined : refusals(name, request.atMs)
    },

    answered(request, standing, expected) {
      const [name, client] = clientFor(request)
      requests++
      client.requests++
      if (!standing.allowed) {
        refused++
        // Where both refuse, the quota has the longer wait.
        client[standing.refusedBy.at(-1) ?? 'burst']++
        client.first ||= request.logTime
        client.last = request.logTime
      }
      const wrong = [...standing.faults]
      if (expected !== undefined && expected.join() !== standing.refusedBy.join()) {
        wrong.push(
          `refused by ${standing.refusedBy.join(', ') || 'none'}, not by ${expected.join(', ') || 'none'}`,
        )
      }
      for (const fault of wrong) {
        if (faults.length < shownFaults) faults.push(`${name} at ${request.logTime}: ${fault}.`)
      }
    },

    skip(why, line) {
      const known = skipped.get(why)
      if (known === undefined) skipped.set(why, { lines: 1, first: line })
      else known.lines++
    },

    progress: (bytes) => ({ bytes, requests, refused, logTime: to?.logTime ?? '' }),

    report() {
      const limited = [...clients]
        .filter(([, { burst, quota }]) => burst + quota > 0)
        .map(([client, { requests: all, burst, quota, first, last }]): LimitedClient => {
          return { client, requests: all, refused: { burst, quota }, first, last }
        })
        .toSorted((a, b) => b.refused.burst + b.refused.quota - a.refused.burst - a.refused.quota)
      return {
        requests,
        refused,
        clients: clients.size,
        limitedClients: limited.length,
        top: limited.slice(0, shownClients),
        from: from?.logTime ?? '',
        to: to?.logTime ?? '',
        spanMs: (to?.atMs ?? 0) - (from?.atMs ?? 0),
        skipped: [...skipped].map(([why, { lines, first }]) => ({ why, lines, first })),
        late,
        faults,
      }
    },
  }
}
