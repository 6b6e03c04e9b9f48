// A budget of tokens, where the true cost of a call is known only when it is over: reserve an estimate, then settle. In
// memory there is nothing to wait for; with a store such as `redisStore(redis)` put `await` before each of the calls.
import { createLimiter, fixedWindow } from '@sluice/core'

const limiter = createLimiter({ algorithm: fixedWindow({ limit: 10_000, window: '1h' }) })
const customer = 'customer:42'

/** Stands for a model's API: tells how many tokens it used, and fails when there is no question. */
async function complete(prompt: string): Promise<{ text: string; tokens: number }> {
  if (prompt === '') throw new Error('no question')
  return { text: '…', tokens: prompt.length * 100 }
}

async function ask(prompt: string): Promise<void> {
  const { decision, settle, cancel } = limiter.reserve(customer, { cost: 3000 })
  if (!decision.allowed) {
    console.log(`'${prompt}' is refused: come back in ${Math.ceil(decision.retryAfterMs / 60_000)} minutes`)
    return
  }
  const answer = await complete(prompt).catch((error: Error) => error)
  // A store that is away rejects `settle` and `cancel`, which is no failure of the call.
  if (answer instanceof Error) {
    cancel()
    console.log(`failed (${answer.message}): its tokens are back, ${limiter.peek(customer).remaining} left`)
  } else {
    settle(answer.tokens)
    console.log(`'${prompt}' cost ${answer.tokens} tokens, ${limiter.peek(customer).remaining} left`)
  }
}

await ask('Why?') // less than the estimate
await ask('')
await ask('What is the meaning of all this, please?') // more than the estimate
await ask('And now?')
await ask('Is there anything left at all for me?')
await ask('No?') // not even the estimate is left
await limiter.close()
