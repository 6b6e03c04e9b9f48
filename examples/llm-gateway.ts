// In front of a provider of language models: each account has tokens of input and of output per minute, and of both
// together per day. An estimate is charged before the answer and the truth after it, however it ended: what goes beyond
// the estimate is charged into debt, up to `maxDebt` for each answer.
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import { calendarWindow, rateLimit, tokenBucket } from '@sluice/express'
import express, { type Request, type Response } from 'express'
import { passOn } from './llm-gateway/pass-on.ts'
import { createProvider, type Question } from './llm-gateway/provider.ts'
import { estimateOf, readQuestion, type Tokens } from './llm-gateway/question.ts'

type Asked = { account: string; question: Question; estimate: Tokens; used: Partial<Tokens> }
const askedOf = (res: Response): Asked => res.locals.asked as Asked

const accounts = new Map(Object.entries({ 'Bearer key-of-ada': 'ada', 'Bearer key-of-eve': 'eve' }))
const provider = process.env.PROVIDER_URL ?? (await urlOf(createProvider(50).listen(0)))

const charge = (count: (tokens: Tokens) => number, maxDebt: number) => ({
  key: (_req: Request, res: Response) => askedOf(res).account,
  cost: (_req: Request, res: Response) => count(askedOf(res).estimate),
  // What nobody has told is as it was estimated.
  settle: (_req: Request, res: Response) => count({ ...askedOf(res).estimate, ...askedOf(res).used }),
  maxDebt,
  unit: 'tokens',
})
const perMinute = (tokens: number) => tokenBucket({ capacity: tokens, refill: tokens, per: '1m' })
const perDay = calendarWindow({ limit: 10_000, every: 'day' })
const limitTokens = rateLimit({
  policies: [
    { name: 'input', algorithm: perMinute(1000), ...charge(({ input }) => input, 100) },
    { name: 'output', algorithm: perMinute(300), ...charge(({ output }) => output, 100) },
    { name: 'both', algorithm: perDay, ...charge(({ input, output }) => input + output, 200) },
  ],
  // No wait helps a question that costs more than the whole limit.
  status: (_req, _res, { retryAfterMs }) => (retryAfterMs === Infinity ? 400 : 429),
})

const app = express()

app.use(express.json(), (req, res, next) => {
  const account = accounts.get(req.get('authorization') ?? '')
  const question = readQuestion(req.body)
  if (account === undefined || question === undefined) return res.sendStatus(account ? 400 : 401)
  const asked: Asked = { account, question, estimate: estimateOf(question), used: {} }
  res.locals.asked = asked
  return next()
})

app.post('/chat', limitTokens, (_req, res) => passOn(provider, askedOf(res).question, askedOf(res).used, res))

async function urlOf(server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening')
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

console.log(await urlOf(app.listen(Number(process.env.PORT ?? 3000))))
