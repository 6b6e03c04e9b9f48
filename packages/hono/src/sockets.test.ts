import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { afterEach, beforeEach, describe, it, vi } from 'vitest'
import { listen } from '../../core/test/node-http-server.ts'
import { delaySocketCases } from '../../core/test/node-http-delays.ts'
import { leavingCases } from '../../core/test/node-http-leaving.ts'
import { socketCases } from '../../core/test/node-http-sockets.ts'
import { caseApp } from '../test/app.ts'

describe('Hono on its Node server', () => {
  // The server tells of streams that break off, which they do here on purpose.
  beforeEach(() => void vi.spyOn(console, 'error').mockReturnValue())
  afterEach(() => void vi.restoreAllMocks())

  for (const { name, run } of [...socketCases, ...delaySocketCases, ...leavingCases]) {
    it(name, () => run((app) => listen(createAdaptorServer({ fetch: caseApp(app, []).fetch }) as Server)))
  }
})
