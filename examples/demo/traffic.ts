// The second process of the live demo: sends the traffic of all clients, and tells its parent about each answer.
import { createAsk } from './ask.ts'
import { type Client, clients, createTime, type Send } from './clients.ts'
import type { LiveMessage } from './messages.ts'
import { readAnswer } from './read-answer.ts'
import { tellParent } from './tell-parent.ts'

const ask = createAsk(process.argv[2] ?? '')
const tell = tellParent<LiveMessage>()
const start = performance.now()
const time = createTime()

const senderOf =
  ({ name, address }: Client): Send =>
  async (waited = false) => {
    const answer = await ask({ client: address, path: `/${name}` })
    const sentAt = answer.sentAt - start
    const answeredAt = answer.answeredAt - start
    const seen = { client: name, ...readAnswer(answer), sentAt, answeredAt, waited }
    void tell({ seen })
    return seen
  }

try {
  await Promise.all(clients.map((client) => client.run(senderOf(client), time)))
} catch (error) {
  await tell({ failed: (error as Error).message })
}
process.disconnect()
