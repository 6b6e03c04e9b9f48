import { createContext, runInContext } from 'node:vm'
import { httpCases } from '@sluice/core/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForEdge } from '../test/bundle.ts'
import type { Ran, runCases } from '../test/edge.ts'
import { findWorkerd, serveWorker } from '../test/workerd.ts'

/** What every edge runtime has. */
const WEB_GLOBALS = `AbortController AbortSignal Blob FormData Headers ReadableStream Request Response TextDecoder
  TextEncoder URL URLSearchParams atob btoa clearTimeout console crypto fetch performance queueMicrotask setTimeout`

function reports(run: () => Promise<Ran[]>): void {
  const ran = new Map<string, Ran>()
  beforeAll(async () => {
    for (const one of await run()) ran.set(one.name, one)
  })
  for (const { name } of httpCases) it(name, () => expect(ran.get(name)).toEqual({ name }))
}

describe('with nothing but the globals of the web', () => {
  it('sets no timer and asks for nothing while it is loaded', async () => {
    const code = await bundleForEdge('iife')
    expect(() =>
      runInContext(code, createContext({ performance: {}, TextEncoder, TextDecoder })),
    ).not.toThrow()
  })

  reports(async () => {
    const names = WEB_GLOBALS.split(/\s+/) as (keyof typeof globalThis)[]
    const context = createContext(Object.fromEntries(names.map((name) => [name, globalThis[name]])))
    runInContext(await bundleForEdge('iife'), context)
    return (context as { edge: { runCases: typeof runCases } }).edge.runCases()
  })
})

const workerd = findWorkerd()

describe.skipIf(workerd === undefined)('in workerd', () => {
  let close = async (): Promise<void> => undefined
  afterAll(() => close())

  reports(async () => {
    if (workerd === undefined) return []
    const served = await serveWorker(workerd, await bundleForEdge('esm'))
    close = served.close
    const response = await fetch(served.url)
    return (await response.json()) as Ran[]
  })
})
