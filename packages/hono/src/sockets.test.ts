import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { describe, it } from 'vitest'
import { listen } from '../../core/test/node-http-server.ts'
import { socketCases } from '../../core/test/node-http-sockets.ts'
import { caseApp } from '../test/app.ts'

describe('Hono on its Node server', () => {
  for (const { name, run } of socketCases) {
    it(name, () => run((app) => listen(createAdaptorServer({ fetch: caseApp(app, []).fetch }) as Server)))
  }
})
