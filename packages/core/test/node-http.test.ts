import { readFileSync } from 'node:fs'
import supertest from 'supertest'
import { describe, expect, it } from 'vitest'
import { httpCases } from '../src/http/index.ts'
import { caseServer } from './node-http-app.ts'
import { sendBySupertest } from './node-http-client.ts'
import { leavingCases } from './node-http-leaving.ts'
import { listen } from './node-http-server.ts'
import { socketCases } from './node-http-sockets.ts'

describe('a fourth adapter, for plain node:http', () => {
  it('has at most 40 lines', () => {
    const text = readFileSync(new URL('node-http-adapter.ts', import.meta.url), 'utf8')
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40)
  })

  for (const { name, run } of httpCases) {
    it(name, () =>
      run(async (app) => {
        const errors: unknown[] = []
        const { url, close } = await listen(caseServer(app, errors), app.withoutAddresses)
        return { send: sendBySupertest(supertest(url)), errors, close }
      }),
    )
  }

  for (const { name, run } of [...socketCases, ...leavingCases])
    it(name, () => run((app) => listen(caseServer(app, []))))
})
