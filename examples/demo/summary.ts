import { clients } from './clients.ts'
import type { Seen } from './messages.ts'
import { policyNames } from './policies.ts'

const shownFaults = 10

/** What the clients got, in a line each. */
export function summaryOf(seen: readonly Seen[]): string[] {
  return clients.map(({ name }) => {
    const own = seen.filter(({ client }) => client === name)
    const allowed = own.filter((answer) => answer.allowed).length
    const refused = policyNames
      .map((policy) => ({
        policy,
        // Where both refuse, the quota has the longer wait.
        times: own.filter(({ refusedBy }) => refusedBy.at(-1) === policy).length,
      }))
      .filter(({ times }) => times > 0)
      .map(({ policy, times }) => `${times} refused by ${policy}`)
    const waited = own.filter((answer) => answer.waited).length
    const parts = [
      `${allowed} of ${own.length} allowed`,
      ...(refused.length > 0 ? refused : ['never refused']),
      ...(waited > 0 ? [`waited ${waited} times as told`] : []),
    ]
    return `  ${name.padEnd(8)}${parts.join(', ')}`
  })
}

/** Whether it all was right, in a line or more. */
export function verdict(faults: readonly string[], whenRight: string): string[] {
  if (faults.length === 0) return [`✓ ${whenRight}`]
  const more = faults.length - shownFaults
  return [
    ...faults.slice(0, shownFaults).map((fault) => `✗ ${fault}`),
    ...(more > 0 ? [`✗ and ${more} more of the kind`] : []),
  ]
}

/** What to try by hand. */
export function tips(url: string): string[] {
  return [
    'The server stays up. Try:',
    '',
    `  curl -i ${url}/`,
    `  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do curl -s -o /dev/null -w '%{http_code} ' ${url}/; done; echo`,
    `  curl -i -H 'Accept: text/plain' ${url}/`,
    `  curl -i -H 'X-Forwarded-For: 203.0.113.7' ${url}/    # as another client`,
    '',
    'Ctrl-C ends it.',
  ]
}
