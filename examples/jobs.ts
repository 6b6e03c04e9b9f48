// Limits without HTTP: a worker that sends twelve messages through a provider which takes five at once and ten a
// second. What did not go out is given back.
import { setTimeout as sleep } from 'node:timers/promises'
import { createLimiter, tokenBucket } from '@sluice/core'

const limiter = createLimiter({ algorithm: tokenBucket({ capacity: 5, refill: 10, per: '1s' }) })
const provider = 'provider:mail'

/** Stands for the provider's API, which fails at the fourth call. */
let calls = 0
async function send(): Promise<void> {
  await sleep(1)
  if (++calls === 4) throw new Error('connection lost')
}

const start = performance.now()
const log = (text: string): void => {
  const ms = Math.round(performance.now() - start)
  console.log(`${String(ms).padStart(4)} ms  ${text}`)
}

for (let message = 1; message <= 12;) {
  const decision = limiter.take(provider)
  if (!decision.allowed) {
    log(`message ${message} waits ${decision.retryAfterMs} ms`)
    await sleep(decision.retryAfterMs)
    continue
  }
  try {
    await send()
    log(`message ${message} sent, ${decision.remaining} more could go now`)
    message++
  } catch (error) {
    limiter.refund(decision)
    log(`message ${message} failed (${(error as Error).message}), its unit is back; trying again`)
  }
}

const { remaining, resetMs } = limiter.peek(provider)
log(`done: ${remaining} left, all back in ${resetMs} ms`)
await limiter.close()
