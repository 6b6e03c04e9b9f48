// Who is signed in is limited by account, wherever they are; everybody else by address, and more tightly.
import type { AddressInfo } from 'node:net'
import { byIp, byUser, firstOf, rateLimit, type RateLimitState } from '@sluice/koa'
import Koa, { type Context } from 'koa'

interface State extends RateLimitState {
  user?: string | undefined
}

/** Stands for the sessions of your sign-in. */
const sessions = new Map([
  ['session-1', 'user-1'],
  ['session-2', 'user-2'],
])

const userOf = (ctx: Context): string | undefined => (ctx.state as State).user

const app = new Koa<State>()

app.use((ctx, next) => {
  ctx.state.user = sessions.get(ctx.cookies.get('session') ?? '')
  return next()
})

app.use(
  rateLimit({
    key: firstOf(byUser(userOf), byIp()),
    limit: (ctx) => (userOf(ctx) === undefined ? 3 : 10),
    window: '10s',
  }),
)

app.use((ctx) => {
  ctx.body = `Hello, ${ctx.state.user ?? 'guest'}! ${ctx.state.rateLimit?.remaining} requests left.\n`
})

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://localhost:${port}`)
})
