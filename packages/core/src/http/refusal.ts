import type { Decision } from '../algorithm.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'
import type { WirePolicy } from './headers.ts'
import type { Message, MessageFunction } from './options.ts'
import { prefersText, problemBody, sentence } from './problem.ts'

/** What a refused client is sent. */
export interface Refusal {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const TEXT = 'text/plain; charset=utf-8'
const PROBLEM = 'application/problem+json'

/** The refusal of a denied decision, in the form that the client prefers, or as `message` says. */
export function refusalOf<Args extends readonly unknown[]>(
  decision: Decision,
  status: number,
  wire: readonly WirePolicy[],
  accept: string | undefined,
  message: Message<Args> | undefined,
  args: Args,
): MaybePromise<Refusal> {
  if (message !== undefined) {
    const said: MaybePromise<string | object> =
      typeof message === 'function' ? (message as MessageFunction<Args>)(...args, decision) : message
    return after(said, (body) =>
      typeof body === 'string'
        ? { status, contentType: TEXT, body }
        : { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) },
    )
  }
  if (prefersText(accept)) return { status, contentType: TEXT, body: sentence(decision, wire) }
  const problem = problemBody(decision, status, 'quota-exceeded', wire)
  return { status, contentType: PROBLEM, body: JSON.stringify(problem) }
}

/** The refusal of a client on the deny list. */
export function forbidden(): Refusal {
  return {
    status: 403,
    contentType: PROBLEM,
    body: JSON.stringify(problemBody(undefined, 403, 'forbidden')),
  }
}
