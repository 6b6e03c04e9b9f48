// GraphQL: a query costs as many points as its answer may have fields, and each client has 1,000 points per minute.
import type { AddressInfo } from 'node:net'
import { rateLimit } from '@sluice/express'
import express from 'express'
import { createHandler } from 'graphql-http/lib/use/express'
import { executeWithin } from './graphql/execute-within.ts'
import { library } from './graphql/library.ts'
import { queryOf, readQuery, refuseInvalid } from './graphql/read-query.ts'

const POINTS = 1000

// To find out what a query costs takes time, also where it is refused then: this bounds how often.
const limitRequests = rateLimit({ name: 'requests', limit: 120, window: '1m', headers: false })

const limitPoints = rateLimit({
  name: 'points',
  limit: POINTS,
  window: '1m',
  cost: (req) => queryOf(req).cost,
  unit: 'points',
})

const answer = createHandler({
  rootValue: library,
  onSubscribe: ({ raw }) => queryOf(raw).args,
  // What was charged stays charged when this ends it: the work was done.
  execute: executeWithin(500),
})

const app = express()

// How much is read of a query has limits here and in graphql/query.ts.
app.use(limitRequests, express.json({ limit: '20kb' }))

app.all('/graphql', readQuery(POINTS), limitPoints, refuseInvalid, answer)

const server = app.listen(Number(process.env.PORT ?? 3000), (error) => {
  if (error) throw error
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
