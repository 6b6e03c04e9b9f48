/** What wraps a store: functions from a store to a store, which may be put around any, in any order. */
export { denyCache, type DenyCacheOptions } from './stores/deny-cache.ts'
export { failurePolicy } from './stores/failure-policy.ts'
export { lease, type LeaseOptions } from './stores/lease.ts'
