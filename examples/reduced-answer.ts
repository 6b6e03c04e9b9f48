// Five forecasts a minute are computed for each client. Beyond that it gets the last one of its city, which may be old,
// and only where there is none a refusal.
import type { AddressInfo } from 'node:net'
import { rateLimit } from '@sluice/express'
import express from 'express'

const computed = new Map<string, { city: string; at: string; hours: number[] }>()

/** What takes long. There are so many cities, and no more. */
function compute(city: string): NonNullable<ReturnType<typeof computed.get>> {
  const hours = Array.from({ length: 24 }, (_, hour) => Math.round(10 + 8 * Math.sin(hour / 4)))
  const forecast = { city, at: new Date().toISOString(), hours }
  computed.set(city, forecast)
  return forecast
}

const app = express()
const cities = new Set(['amsterdam', 'bogota', 'cairo'])

const limit = rateLimit({
  limit: 5,
  window: '1m',
  respond(req, res, { retryAfterMs }) {
    const old = computed.get(String(req.params.city))
    const seconds = Math.ceil(retryAfterMs / 1000)
    if (old === undefined) res.status(429).send(`Nothing yet. Try again in ${seconds} seconds.\n`)
    // The headers are there: clients see that they are at their limit, and when to come back for more.
    else res.json({ city: old.city, at: old.at, hours: old.hours.slice(0, 6), reduced: true })
  },
})

app.get('/forecasts/:city', limit, (req, res) => {
  const city = String(req.params.city)
  if (cities.has(city)) res.json(compute(city))
  else res.status(404).send('There is no such city.\n')
})

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
