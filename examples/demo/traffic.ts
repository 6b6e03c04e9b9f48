// The second process of the live demo: sends the traffic of all clients, and tells its parent about each answer.
import { createAsk } from './ask.ts'
import { type Client, clients, createTime, type Send } from './clients.ts'
import { readAnswer } from './read-answer.ts'
import { serveParent, tellParent } from './tell-parent.ts'

const ask = createAsk(process.argv[2] ?? '')
const start = performance.now()
const time = createTime()

const senderOf =
  ({ name, address }: Client): Send =>
  async (waited = false) => {
    const answer = await ask({ client: address, path: `/${name}` })
    const sentAt = answer.sentAt - start
    const answeredAt = answer.answeredAt - start
    const seen = { client: name, ...readAnswer(answer), sentAt, answeredAt, waited }
    void tellParent({ seen })
    return seen
  }

serveParent()
try {
  await Promise.all(clients.map((client) => client.run(senderOf(client), time)))
} catch (error) {
  await tellParent({ failed: (error as Error).message })
}
process.disconnect()
