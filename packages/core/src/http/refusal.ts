import type { Decision } from '../algorithm.ts'
import { wholeNumber } from '../check.ts'
import { after, isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { WirePolicy } from './headers.ts'
import type { Message, MessageFunction, StatusOption } from './options.ts'
import { CLIENT_GONE } from './sent.ts'
import { prefersText, problemBody, sentence } from './problem.ts'

/**
 * What a refused client is sent. Reading it throws what `message` or `status` has thrown: by then the headers should be written,
 * for the answer to that error may carry them.
 */
export interface Refusal {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const TEXT = 'text/plain; charset=utf-8'
const JSON_TEXT = 'application/json; charset=utf-8'
const PROBLEM = 'application/problem+json'

/**
 * The refusal of a denied decision, in the form that the client prefers, or as `message` says. Where the store does not
 * answer it is 503, which no limit is guilty of: `limited` and `message` are for limits.
 */
export function refusalOf<Args extends readonly unknown[]>(
  decision: Decision,
  limited: StatusOption<Args>,
  wire: readonly WirePolicy[],
  accept: string | undefined,
  message: Message<Args> | undefined,
  args: Args,
): MaybePromise<Refusal> {
  const isFailure = decision.source === 'failure-policy'

  /** What was said, as it is sent; where nothing was said, that which is said by default. */
  function inWords(status: number, said?: string | object | null): Refusal {
    if (typeof said === 'string') return { status, contentType: TEXT, body: said }
    if (said !== undefined && said !== null)
      return { status, contentType: JSON_TEXT, body: JSON.stringify(said) }
    if (prefersText(accept)) return { status, contentType: TEXT, body: sentence(decision, wire) }
    const problem = problemBody(decision, status, isFailure ? 'service-unavailable' : 'quota-exceeded', wire)
    return { status, contentType: PROBLEM, body: JSON.stringify(problem) }
  }

  const speechless = (error: unknown): Refusal => ({
    get status(): never {
      throw error
    },
    contentType: TEXT,
    body: '',
  })

  if (isFailure) return inWords(503)
  try {
    const refusal = after(statusOf(limited, decision, args), (status) => {
      if (typeof message !== 'function') return inWords(status, message)
      return after((message as MessageFunction<Args>)(...args, decision), (said) => inWords(status, said))
    })
    return isPromise(refusal) ? refusal.then(undefined, speechless) : refusal
  } catch (error) {
    return speechless(error)
  }
}

function statusOf<Args extends readonly unknown[]>(
  status: StatusOption<Args>,
  decision: Decision,
  args: Args,
): MaybePromise<number> {
  if (typeof status !== 'function') return status
  return after(status(...args, decision), (given) => wholeNumber('status', given, 400, 599))
}

/** What is said to a client that has gone: nothing. */
export const unheard: Refusal = { status: CLIENT_GONE, contentType: TEXT, body: '' }

/** The refusal of a client on the deny list. */
export function forbidden(): Refusal {
  return {
    status: 403,
    contentType: PROBLEM,
    body: JSON.stringify(problemBody(undefined, 403, 'forbidden', [])),
  }
}
