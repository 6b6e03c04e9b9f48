/** An app of two workers that count together in the primary: each tells how many of its four takes were allowed. */

import cluster from 'node:cluster'
import { RateLimiterCluster, RateLimiterClusterMaster } from 'rate-limiter-flexible'
import { fromRateLimiterFlexible } from '../bridges/rate-limiter-flexible.ts'

if (cluster.isPrimary) {
  void new RateLimiterClusterMaster()
  cluster.fork()
  cluster.fork()
} else {
  const flexible = new RateLimiterCluster({ points: 5, duration: 3600, keyPrefix: 'together' })
  const limiter = fromRateLimiterFlexible(flexible, { timeout: '20s', onStoreError: 'deny' })
  const decisions = await Promise.all(Array.from({ length: 4 }, () => limiter.take('ada')))
  console.log(decisions.filter(({ allowed }) => allowed).length)
  cluster.worker?.disconnect()
}
