import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { httpCases, type OpenApp } from '@sluice/core/http'
import { describe, it } from 'vitest'
import { singleSetups, storesOn, type StoreSetup } from '../../core/src/testing/redis-stores.ts'
import { sendByNode } from '../../core/test/node-http-client.ts'
import { listen } from '../../core/test/node-http-server.ts'
import { caseApp } from '../test/app.ts'
import { openByRequest } from '../test/request.ts'

const openOnNode: OpenApp = async (app) => {
  const errors: unknown[] = []
  const { fetch } = caseApp(app, errors)
  const listening = await listen(createAdaptorServer({ fetch }) as Server, app.withoutAddresses)
  return { send: sendByNode(listening), errors, close: listening.close }
}

describe('app.request', () => {
  for (const { name, run } of httpCases) it(name, () => run(openByRequest))
})

describe('the Node server', () => {
  for (const { name, run } of httpCases) it(name, () => run(openOnNode))
})

describe('the Node server, with limits in Redis', () => {
  const newStore = storesOn(singleSetups[0] as StoreSetup)
  for (const { name, run } of httpCases) it(name, () => run(openOnNode, newStore))
})
