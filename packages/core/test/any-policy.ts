/** Policies of any kind, with their oracles, for tests that use several at once. */

import fc from 'fast-check'
import type { Algorithm } from '../src/algorithm.ts'
import type { Watch } from './oracle/worlds.ts'
import { calendar, cells, fixed, log, sliding, slots, strict, token, type Subject } from './subjects.ts'

export interface AnyPolicy {
  readonly algorithm: Algorithm
  /** Follows one key of it. */
  follow(): Watch<void>
}

const anyPolicyOf = <P>(subject: Subject<P>): fc.Arbitrary<AnyPolicy> =>
  subject.variants.map((variants) => {
    const only = variants[0] as P
    return {
      algorithm: subject.make(only),
      follow() {
        const { check, passed } = subject.watch()
        return { passed, check: (_, ...call) => check(only, ...call) }
      },
      [fc.toStringMethod]: () => `${subject.name} ${JSON.stringify(only)}`,
    }
  })

export const anyPolicy: fc.Arbitrary<AnyPolicy> = fc.oneof(
  anyPolicyOf(fixed),
  anyPolicyOf(sliding),
  anyPolicyOf(strict),
  anyPolicyOf(log),
  anyPolicyOf(token),
  anyPolicyOf(cells),
  anyPolicyOf(calendar),
  anyPolicyOf(slots),
)
