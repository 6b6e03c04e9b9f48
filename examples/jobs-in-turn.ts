// A queue that smooths: ten jobs want to start at once, and one starts every 100 ms, in the order in which they came.
// Who could not start within half a second is told so at once. With `store: redisStore(redis)` all processes queue
// together, at one round trip for each job.
import { createLimiter, leakyBucket } from '@sluice/core'

const limiter = createLimiter({ algorithm: leakyBucket({ capacity: 1, leak: 10, per: '1s' }) })

const start = performance.now()
const log = (text: string): void => {
  const ms = Math.round(performance.now() - start)
  console.log(`${String(ms).padStart(4)} ms  ${text}`)
}

async function job(number: number): Promise<void> {
  const decision = await limiter.wait('provider:mail', { maxWait: '500ms' })
  if (decision.allowed) log(`job ${number} starts`)
  else log(`job ${number} would have to wait ${decision.retryAfterMs} ms: not started`)
}

await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(job))
await limiter.close()
