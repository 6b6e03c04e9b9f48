import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type supertest from 'supertest'
import type { CaseRequest, CaseResponse, OpenedApp } from '../src/http/index.ts'
import type { Listening } from './node-http-server.ts'

type Send = OpenedApp['send']

/** Sends through supertest, and reads every body as text. */
export function sendBySupertest(agent: ReturnType<typeof supertest>): Send {
  return async ({ method, path, headers }) => {
    const verb = method.toLowerCase() as 'get' | 'head' | 'options'
    const response: { status: number; headers: CaseResponse['headers']; text?: string } = await agent[verb](
      path,
    )
      .set(headers)
      .buffer(true)
    return { status: response.status, headers: response.headers, body: response.text ?? '' }
  }
}

/** Sends through Node's own client. */
export function sendByNode({ at }: Listening): Send {
  const where = 'port' in at ? at : { socketPath: at.socketPath }
  return ({ method, path, headers }: CaseRequest) =>
    new Promise((resolve, reject) => {
      const sent = request({ ...where, method, path, headers, agent: false }, (response) => {
        const { statusCode: status = 0, headers: lines } = response
        const got = Object.fromEntries(Object.entries(lines).map(([name, line]) => [name, line?.toString()]))
        text(response).then((body) => resolve({ status, headers: got, body }), reject)
      })
      sent.on('error', reject)
      sent.end()
    })
}
