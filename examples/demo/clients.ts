import { setTimeout as sleep } from 'node:timers/promises'
import type { Seen } from './messages.ts'

/** Sends one request. `waited`: the client did as the last refusal told it. */
export type Send = (waited?: boolean) => Promise<Seen>

export interface Client {
  readonly name: string
  /** Of a range that is kept for documentation (RFC 5737). */
  readonly address: string
  readonly manner: string
  run(send: Send, time: Time): Promise<void>
}

/** Time in milliseconds since the traffic began. */
export interface Time {
  now(): number
  /** Sleeps until then; `false` when the traffic is over before. */
  until(ms: number): Promise<boolean>
}

export const durationMs = 11_000

export function createTime(): Time {
  const start = performance.now()
  const now = (): number => performance.now() - start
  return {
    now,
    async until(ms) {
      if (ms >= durationMs) return false
      // Once more where it must: a timer may fire a millisecond early.
      for (let left = ms - now(); left > 0; left = ms - now()) await sleep(Math.ceil(left))
      return now() < durationMs
    },
  }
}

export const clients: readonly Client[] = [
  {
    name: 'steady',
    address: '192.0.2.1',
    manner: 'a request each half second',
    async run(send, { now, until }) {
      do await send()
      while (await until(now() + 500))
    },
  },
  {
    name: 'bursty',
    address: '192.0.2.2',
    manner: '12 requests at once, every 3 seconds',
    async run(send, { until }) {
      for (let at = 0; await until(at); at += 3000) {
        await Promise.all(Array.from({ length: 12 }, () => send()))
      }
    },
  },
  {
    name: 'polite',
    address: '192.0.2.3',
    manner: 'in a hurry, but waits as long as a refusal tells it to',
    async run(send, { until }) {
      let waited = false
      for (let at = 0; await until(at);) {
        const { allowed, retryAfter = 0, answeredAt } = await send(waited)
        waited = !allowed
        at = answeredAt + (allowed ? 75 : retryAfter * 1000)
      }
    },
  },
  {
    name: 'greedy',
    address: '192.0.2.4',
    manner: 'ten requests a second, whatever the answers are',
    async run(send, { until }) {
      const sent: Promise<Seen>[] = []
      for (let at = 0; await until(at); at += 100) sent.push(send())
      await Promise.all(sent)
    },
  },
]
