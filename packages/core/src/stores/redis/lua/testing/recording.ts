/** Random histories as TypeScript decides them: what a script is told, and what it has to answer. */

import fc from 'fast-check'
import type { Algorithm } from '../../../../algorithm.ts'
import type { Charge } from '../../../../store.ts'
import { charge, charged } from '../../../../../test/charges.ts'
import { type History, type Step, histories } from '../../../../../test/histories.ts'
import type { Subject } from '../../../../../test/subjects.ts'
import { type Call, walk } from '../../../../../test/walk.ts'
import { OPERATIONS } from '../../script.ts'
import { type Reference, reference } from './reference.ts'

/** One decision: the script's arguments, and the answer with all that is stored then. */
export interface Recorded {
  readonly args: readonly string[]
  readonly told: string
}

/** The decisions about one key, and what is stored before. */
export interface Recording {
  readonly unreadable: string | undefined
  readonly decisions: readonly Recorded[]
}

/** About as many as a server is asked for in one call. */
const DECISIONS_AT_ONCE = 1000

/** Ordinary histories that are made one: later states come up. */
const CHAINED = 4

/** For `calendarWindow`, whose calendar is slow to ask: how many steps are made at each instant. */
const STEPS_PER_INSTANT = 8

/** Random histories until they make this many decisions, a few at a time. */
export function* record<P>(
  subject: Subject<P>,
  decisions: number,
  seed: number,
  unreadable?: string,
): Generator<readonly Recording[]> {
  yield subject.examples.map((history) => recordingOf(subject, history, unreadable))
  let batch: Recording[] = []
  let [made, pending] = [0, 0]
  for (let turn = 0; made < decisions; turn++) {
    const sample = fc.sample(histories(subject), { numRuns: 100 * CHAINED, seed: seed + turn })
    for (let from = 0; from < sample.length && made < decisions; from += CHAINED) {
      const recording = recordingOf(subject, chain(subject, sample.slice(from, from + CHAINED)), unreadable)
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

/** One history of the steps of several, half of them under the parameters of several. */
function chain<P>({ name }: Subject<P>, several: readonly History<P>[]): History<P> {
  const first = several[0] as History<P>
  const steps = several.flatMap((history) => history.steps)
  const others = several.map(({ variants }) => variants[0] as P)
  return {
    start: first.start,
    variants: steps.length % 2 === 0 ? first.variants : others,
    steps: name === 'calendarWindow' ? inGroups(steps) : steps,
  }
}

const inGroups = (steps: readonly Step[]): Step[] =>
  steps.map((step, index) => {
    const first = steps[index - (index % STEPS_PER_INSTANT)] as Step
    return step === first ? step : { ...step, gap: ['ms', 0, 0], variant: first.variant }
  })

function recordingOf<P>(subject: Subject<P>, history: History<P>, unreadable: string | undefined): Recording {
  const decisions: Recorded[] = []
  const key = reference(unreadable)
  const algorithms = history.variants.map((params) => subject.make(params))
  const sent = algorithms.map((): readonly number[] => [])
  // Debts near 2^53 are nobody's promise.
  const isHuge = algorithms.some(({ limit }) => limit > 2 ** 40)

  /** An instant at which a window ends: receipts are refused from there. */
  let edge = 0

  /** How long a take may wait: not at all, or about as long as it has to. */
  function withinMs({ kind, cost, now }: Call, algorithm: Algorithm): number {
    if (kind !== 'take' || !algorithm.queues || decisions.length % 3 > 0) return 0
    const waitMs = key.waitMs(algorithm, cost, now)
    return waitMs === Infinity ? 1000 : Math.max(0, waitMs + (decisions.length % 2) - 1)
  }

  walk(history, algorithms, (call) => {
    const { now, variant } = call
    const algorithm = algorithms[variant] as Algorithm
    const asked: Charge = {
      ...charge({ name: 'policy', algorithm }, 'key', call),
      withinMs: withinMs(call, algorithm),
      kind: isHuge && call.kind === 'force' ? 'take' : call.kind,
      at: call.kind === 'refund' && decisions.length % 4 === 0 ? edge : call.at,
    }
    const tell = (args: readonly number[], answer: () => string): void => {
      decisions.push({ args: argsOfDecision(now, asked, args), told: answer() })
    }
    const args = sent[variant] as readonly number[]
    if (!covers(algorithm, args, now)) {
      if (args.length > 0) tell(args, () => withStored([-1, now], key))
      sent[variant] = algorithm.args(now)
    }
    let agreed = false
    tell(sent[variant] as readonly number[], () => {
      agreed = key.decide(algorithm, asked, now)
      return withStored(valuesOf(agreed, now, asked), key)
    })
    edge = now + asked.resetMs
    return { ...asked, charged: charged(asked, agreed) }
  })
  return { unreadable, decisions }
}

/** Whether numbers sent before still serve: callers with wrong clocks keep to theirs as long as a script lets them. */
function covers({ kind }: Algorithm, args: readonly number[], now: number): boolean {
  const [, patience = 0, first = Infinity, , , , , last = 0] = args
  return kind === 'calendarWindow' ? first <= now && now + patience < last : args.length > 0
}

/** What a script is told to decide one charge by an injected clock. */
const argsOfDecision = (now: number, asked: Charge, args: readonly number[]): string[] => {
  const { kind, cost, at, withinMs, upTo } = asked
  const span = kind === 'refund' ? at : withinMs
  return [String(now), '0', '1', OPERATIONS[kind], ...[cost, span, upTo, ...args].map(String)]
}

/** What a script has to answer. */
function valuesOf(agreed: boolean, now: number, asked: Charge): number[] {
  const { allowed, remaining, retryAfterMs, resetMs, cost, limit = -1 } = asked
  const wait = retryAfterMs === Infinity ? -1 : retryAfterMs
  return [Number(agreed), now, Number(allowed), remaining, wait, resetMs, cost, limit]
}

function withStored(values: readonly number[], key: Reference): string {
  const stored = key.stored()
  return stored ? `${values.join(',')} ${stored.text} ${stored.ttlMs}` : values.join(',')
}
