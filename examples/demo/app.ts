import { memoryStore, rateLimit, slidingLog, tokenBucket } from '@sluice/express'
import express, { type Express } from 'express'
import { logTimeHeader, type ReplayClock } from './replay-clock.ts'
import { promises } from './policies.ts'

/** The app under the traffic: two policies for each client address. With a clock it lives in the time of a log. */
export function createApp(clock?: ReplayClock): Express {
  const { burst, quota } = promises
  const app = express()

  if (clock !== undefined) {
    app.use((req, _res, next) => {
      clock.enter(req.get(logTimeHeader))
      next()
    })
  }

  app.use(
    rateLimit({
      store: memoryStore(clock && { clock: clock.now }),
      policies: [
        {
          name: 'burst',
          algorithm: tokenBucket({ capacity: burst.capacity, refill: burst.refill, per: burst.perMs }),
        },
        { name: 'quota', algorithm: slidingLog({ limit: quota.limit, window: quota.windowMs }) },
      ],
      // The traffic comes from this machine and says in X-Forwarded-For for which client, as a proxy would.
      trustProxy: 'loopback',
    }),
  )

  app.use((req, res) => {
    const left = req.rateLimit?.policies.map(({ name, remaining }) => [name, remaining]) ?? []
    res.json({ allowed: true, left: Object.fromEntries(left) as Record<string, number> })
  })
  return app
}
