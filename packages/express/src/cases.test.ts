import { createServer } from 'node:http'
import { httpCases, type OpenApp } from '@sluice/core/http'
import type express from 'express'
import supertest from 'supertest'
import { describe, it } from 'vitest'
import { singleSetups, storesOn, type StoreSetup } from '../../core/src/testing/redis-stores.ts'
import { sendBySupertest } from '../../core/test/node-http-client.ts'
import { listen } from '../../core/test/node-http-server.ts'
import { caseApp, versions } from '../test/app.ts'

const openWith =
  (version: typeof express): OpenApp =>
  async (app) => {
    const errors: unknown[] = []
    const { url, close } = await listen(createServer(caseApp(version, app, errors)), app.withoutAddresses)
    return { send: sendBySupertest(supertest(url)), errors, close }
  }

describe.each(Object.entries(versions))('%s', (_name, version) => {
  for (const { name, run } of httpCases) it(name, () => run(openWith(version)))
})

describe.each(Object.entries(versions))('%s, with limits in Redis', (_name, version) => {
  const newStore = storesOn(singleSetups[0] as StoreSetup)
  for (const { name, run } of httpCases) it(name, () => run(openWith(version), newStore))
})
