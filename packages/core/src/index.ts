export type {
  Algorithm,
  Answer,
  Decision,
  DecisionSource,
  GrantUnits,
  HoldCharges,
  PolicyDecision,
  PolicyMode,
} from './algorithm.ts'
export { calendarWindow, type CalendarWindowOptions } from './algorithms/calendar-window.ts'
export { concurrency, type ConcurrencyOptions } from './algorithms/concurrency.ts'
export { fixedWindow, type FixedWindowOptions } from './algorithms/fixed-window.ts'
export { gcra, type GcraOptions } from './algorithms/gcra.ts'
export { leakyBucket, type LeakyBucketOptions } from './algorithms/leaky-bucket.ts'
export { prepaid } from './algorithms/prepaid.ts'
export { slidingLog, type SlidingLogOptions } from './algorithms/sliding-log.ts'
export { slidingWindow, type SlidingWindowOptions } from './algorithms/sliding-window.ts'
export { tokenBucket, type TokenBucketOptions } from './algorithms/token-bucket.ts'
export type { PolicyInfo, PolicyReset } from './bound-policies.ts'
export {
  type FlexibleBridge,
  type FlexibleOptions,
  fromRateLimiterFlexible,
} from './bridges/rate-limiter-flexible.ts'
export type { FlexibleAnswer, FlexibleLimiter } from './bridges/rate-limiter-flexible-limiter.ts'
export { type CachedBy, cachedBy } from './cached-by.ts'
export type { CachedByOptions } from './cached-by-options.ts'
export type { Receipt } from './charges.ts'
export type { Duration } from './check.ts'
export type { LimiterEvents } from './events.ts'
export { createLimiter } from './limiter.ts'
export type { Held, Limiter, LimiterOptions, LimiterPolicies, LimiterSettings } from './limiter-types.ts'
export type { PolicyAlgorithm, PolicyList, PolicyOptions } from './policies.ts'
export type { Reservation, ReserveOptions } from './reservation.ts'
export type {
  Charge,
  ChargeKind,
  FailureEvents,
  Grant,
  GrantOptions,
  In,
  Mode,
  OnStoreError,
  Ruling,
  Slot,
  Store,
} from './store.ts'
export { isStoreError, StoreError, type StoreErrorCode } from './store-error.ts'
export { memoryStore, type MemoryStoreOptions } from './stores/memory.ts'
export type { Evicted } from './stores/memory-tables.ts'
export type { Cost, CostOptions, PolicyCharge, Target } from './targets.ts'
export type { WaitOptions } from './waiting.ts'
export type { Warned } from './warnings.ts'
