/** Random histories as TypeScript decides them: what a script is told, and what it has to answer. */

import fc from 'fast-check'
import type { Algorithm } from '../../../../algorithm.ts'
import type { Charge } from '../../../../store.ts'
import { charge, charged } from '../../../../../test/charges.ts'
import { type History, histories } from '../../../../../test/histories.ts'
import type { Subject } from '../../../../../test/subjects.ts'
import { type Call, walk } from '../../../../../test/walk.ts'
import { OPERATIONS } from '../../script.ts'
import { reference } from './reference.ts'

/** One decision: the script's arguments, and the answer with all that is stored then. */
export interface Recorded {
  readonly args: readonly string[]
  readonly told: string
}

/** The decisions about one key, and what was stored before; nothing for a key never seen. */
export interface Recording {
  readonly text: string | undefined
  readonly decisions: readonly Recorded[]
}

/** About as many as a server is asked for in one call. */
const DECISIONS_AT_ONCE = 1000

/** Random histories, each as long as `chained` ordinary ones, until they make this many decisions, a few at a time. */
export function* record<P>(
  subject: Subject<P>,
  decisions: number,
  seed: number,
  chained: number,
): Generator<readonly Recording[]> {
  yield subject.examples.map((history) => recordingOf(subject, history))
  let batch: Recording[] = []
  let [made, pending] = [0, 0]
  for (let turn = 0; made < decisions; turn++) {
    const sample = fc.sample(histories(subject), { numRuns: 100 * chained, seed: seed + turn })
    for (let from = 0; from < sample.length && made < decisions; from += chained) {
      const steps = sample.slice(from, from + chained).flatMap((history) => history.steps)
      const recording = recordingOf(subject, { ...(sample[from] as History<P>), steps })
      batch.push(recording)
      made += recording.decisions.length
      pending += recording.decisions.length
      if (pending < DECISIONS_AT_ONCE && made < decisions) continue
      yield batch
      batch = []
      pending = 0
    }
  }
}

/** How a history goes on a key that holds `text`. */
export function recordingOf<P>(subject: Subject<P>, history: History<P>, text?: string): Recording {
  const decisions: Recorded[] = []
  const key = reference(text)
  const algorithms = history.variants.map((params) => subject.make(params))
  const argsOf = algorithms.map((algorithm) => lastingArgs(algorithm))

  /** How long a take may wait: not at all, or about as long as it has to. */
  function withinMs({ kind, cost, now }: Call, algorithm: Algorithm): number {
    if (kind !== 'take' || !algorithm.queues || decisions.length % 3 > 0) return 0
    const waitMs = key.waitMs(algorithm, cost, now)
    return waitMs === Infinity ? 1000 : Math.max(0, waitMs + (decisions.length % 2) - 1)
  }

  walk(history, algorithms, (call) => {
    const { now, variant } = call
    const algorithm = algorithms[variant] as Algorithm
    const slot = { name: 'policy', algorithm }
    const asked: Charge = { ...charge(slot, 'key', call), withinMs: withinMs(call, algorithm) }
    const args = argsOfDecision(now, asked, argsOf[variant]!(now))
    const agreed = key.decide(algorithm, asked, now)
    decisions.push({ args, told: toldOf(agreed, now, asked, key.stored()) })
    return { ...asked, charged: charged(asked, agreed) }
  })
  return { text, decisions }
}

/** What a script is told to decide one charge by an injected clock. */
const argsOfDecision = (now: number, asked: Charge, args: readonly number[]): string[] => {
  const { kind, cost, at, withinMs, upTo } = asked
  const span = kind === 'refund' ? at : withinMs
  return [String(now), '0', '1', OPERATIONS[kind], ...[cost, span, upTo, ...args].map(String)]
}

/** What a script has to answer and to store. */
function toldOf(
  agreed: boolean,
  now: number,
  { allowed, remaining, retryAfterMs, resetMs, cost }: Charge,
  stored: { text: string; ttlMs: number } | undefined,
): string {
  const wait = retryAfterMs === Infinity ? -1 : retryAfterMs
  const answer = [Number(agreed), now, Number(allowed), remaining, wait, resetMs, cost].join()
  return stored ? `${answer} ${stored.text} ${stored.ttlMs}` : answer
}

/** Numbers for a twin as a caller has them whose clock is wrong, as long as they serve. */
function lastingArgs(algorithm: Algorithm): (now: number) => readonly number[] {
  if (algorithm.kind !== 'calendarWindow') return (now) => algorithm.args(now)
  let args: readonly number[] = []
  return (now) => {
    const [, patience = 0, first = Infinity, , , , , last = 0] = args
    if (now < first || now + patience >= last) args = algorithm.args(now)
    return args
  }
}
