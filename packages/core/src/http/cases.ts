/**
 * What middlewares have to do, as data for any test runner:
 * `for (const { name, run } of httpCases) it(name, () => run(open))`, where `open` sets up an app as `CaseApp` says.
 */
import { refundCases } from './cases/after-response.ts'
import type { HttpCase } from './cases/app.ts'
import { byteCases } from './cases/bytes.ts'
import { answerCases } from './cases/answers.ts'
import { clientListCases } from './cases/client-lists.ts'
import { clientCases } from './cases/clients.ts'
import { countingCases } from './cases/counting.ts'
import { delayEndingCases } from './cases/delay-endings.ts'
import { delayCases } from './cases/delays.ts'
import { denialCases } from './cases/denials.ts'
import { failureCases } from './cases/failures.ts'
import { headerCases } from './cases/headers.ts'
import { keyCases } from './cases/keys.ts'
import { limiterCases } from './cases/limiters.ts'
import { listCases } from './cases/lists.ts'
import { nearLimitCases } from './cases/near-limit.ts'
import { outageCases } from './cases/outages.ts'
import { planCases } from './cases/plans.ts'
import { prepaidCases } from './cases/prepaid.ts'
import { quotaCases } from './cases/quotas.ts'
import { responseCases } from './cases/responses.ts'
import { settleCases } from './cases/settle.ts'
import { settleFailureCases } from './cases/settle-failures.ts'
import { slotCases } from './cases/slots.ts'
import { tierCases } from './cases/tiers.ts'
import { whoCases } from './cases/who.ts'

export type {
  CaseApp,
  CaseLimiter,
  CaseOptions,
  CaseRequest,
  CaseResponse,
  HttpCase,
  NewStore,
  OpenApp,
  OpenedApp,
  ReadHeader,
} from './cases/app.ts'

export const httpCases: readonly HttpCase[] = [
  ...countingCases,
  ...keyCases,
  ...whoCases,
  ...limiterCases,
  ...planCases,
  ...prepaidCases,
  ...quotaCases,
  ...tierCases,
  ...denialCases,
  ...nearLimitCases,
  ...delayCases,
  ...delayEndingCases,
  ...answerCases,
  ...headerCases,
  ...responseCases,
  ...listCases,
  ...clientListCases,
  ...clientCases,
  ...failureCases,
  ...outageCases,
  ...slotCases,
  ...refundCases,
  ...settleCases,
  ...settleFailureCases,
  ...byteCases,
]
