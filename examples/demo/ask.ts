import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  readonly method: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** When the request went out and when the answer was complete, by `performance.now()`. */
  readonly sentAt: number
  readonly answeredAt: number
}

export interface Question {
  readonly client: string
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
}

export type Ask = (question: Question) => Promise<Answer>

const LONGEST_MS = 5000

/** Makes the function that sends requests for clients, as a proxy in front of the app would. */
export function createAsk(url: string): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  return ({ client, method = 'GET', path = '/', headers }) =>
    new Promise((resolve, reject) => {
      const sentAt = performance.now()
      const asked = request(url, {
        agent,
        method,
        path,
        headers: { ...headers, 'x-forwarded-for': client },
        timeout: LONGEST_MS,
      })
      asked.on('timeout', () => asked.destroy(new Error(`no answer within ${LONGEST_MS / 1000} s`)))
      asked.on('error', reject)
      asked.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (body += part))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers: received } = response
          resolve({ method, status, headers: received, body, sentAt, answeredAt: performance.now() })
        })
      })
      asked.end()
    })
}
