// A budget of tokens, where the true cost of a call is known only when it is over: reserve an estimate, then settle.
import { createLimiter, tokenBucket } from '@sluice/core'

const limiter = createLimiter({
  algorithm: tokenBucket({ capacity: 10_000, refill: 10_000, per: '1m' }),
})
const customer = 'customer:42'

/** Stands for a model's API: tells how many tokens it used, and fails when there is no question. */
async function complete(prompt: string): Promise<{ text: string; tokens: number }> {
  if (prompt === '') throw new Error('no question')
  return { text: '…', tokens: prompt.length * 100 }
}

async function ask(prompt: string): Promise<void> {
  const { decision, settle, cancel } = await limiter.reserve(customer, { cost: 3000 })
  if (!decision.allowed) {
    console.log(`'${prompt}' is refused: come back in ${Math.ceil(decision.retryAfterMs / 1000)} s`)
    return
  }
  try {
    const { tokens } = await complete(prompt)
    await settle(tokens)
    console.log(`'${prompt}' cost ${tokens} tokens, ${limiter.peek(customer).remaining} left`)
  } catch (error) {
    await cancel()
    console.log(
      `failed (${(error as Error).message}): its tokens are back, ${limiter.peek(customer).remaining} left`,
    )
  }
}

await ask('Why?') // less than the estimate
await ask('')
await ask('What is the meaning of all this, please?') // more than the estimate
await ask('And now?')
await ask('Is there anything left at all for me?')
await limiter.close()
