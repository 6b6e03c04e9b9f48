/** downloads-by-bytes.ts as a process of its own, with real requests. */

import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { serve } from './testing/programs.ts'

const MB = 1_000_000

interface Downloads {
  /** Downloads a file as one client: the status, the bytes of its body, how many were left before it, and the wait. */
  get(megabytes: number | string, client?: string): Promise<Download>
  readonly port: number
}

interface Download {
  readonly status: number
  readonly bytes: number
  readonly left: number
  readonly retryAfter: number
}

async function downloads(): Promise<Downloads> {
  const url = await serve('downloads-by-bytes.ts')
  return {
    port: Number(new URL(url).port),
    async get(megabytes, client = 'ada') {
      const response = await fetch(`${url}/files/${megabytes}`, { headers: { 'x-api-key': client } })
      const { status, headers } = response
      const { byteLength: bytes } = await response.arrayBuffer()
      const left = Number(headers.get('x-ratelimit-remaining'))
      return { status, bytes, left, retryAfter: Number(headers.get('retry-after')) }
    },
  }
}

/** What was left, once what came before has been settled: less than so much. */
async function settledBelow(most: number, { get }: Downloads): Promise<number> {
  for (;;) {
    const { left } = await get('none')
    if (left < most) return left
  }
}

/** What may come back on a slow machine while a test runs. */
const SLACK = MB

describe.concurrent('downloads-by-bytes.ts', () => {
  it('charges the bytes that were sent, and lets nobody in who has none left', async () => {
    const served = await downloads()
    expect(await served.get(3)).toMatchObject({ status: 200, bytes: 3 * MB, left: 10 * MB - 1 })
    const left = await settledBelow(9 * MB, served)
    expect(left).toBeGreaterThanOrEqual(7 * MB - 2)
    expect(left).toBeLessThan(7 * MB + SLACK)
    expect(await served.get(12)).toMatchObject({ status: 200, bytes: 12 * MB })
    await settledBelow(MB, served)
    const refused = await served.get(1)
    // 5 MB of debt, which comes back at 1 MB a minute.
    expect(refused.status).toBe(429)
    expect(refused.retryAfter).toBeGreaterThan(4 * 60)
    expect(refused.retryAfter).toBeLessThanOrEqual(5 * 60 + 1)
    expect((await served.get(1, 'bob')).status).toBe(200)
  })

  it('charges nothing for what is not there', async () => {
    const served = await downloads()
    for (let times = 0; times < 3; times++) expect((await served.get('none')).status).toBe(404)
    const { left } = await served.get('none')
    expect(left).toBeGreaterThan(10 * MB - 5)
  })

  it('charges what a client got that left, not the file', async () => {
    const served = await downloads()
    const read = await leaveEarly(served, 2 * MB)
    const left = await settledBelow(10 * MB - MB, served)
    expect(left).toBeLessThan(10 * MB - read + SLACK)
    expect(left).toBeGreaterThan(0)
  })
})

/** Asks for a file of 50 MB, and leaves once so much of it was read; how much it was. */
async function leaveEarly({ port }: Downloads, least: number): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  let read = 0
  socket.on('data', ({ byteLength }) => {
    read += byteLength
    if (read >= least) socket.destroy()
  })
  socket.write('GET /files/50 HTTP/1.1\r\nhost: localhost\r\nx-api-key: ada\r\n\r\n')
  await new Promise((resolve) => socket.once('close', resolve))
  return read
}
