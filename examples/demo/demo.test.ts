/** The demo as a process: what it prints, and how it ends. */

import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { start } from '../testing/programs.ts'

const demo = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ReturnType<typeof start> =>
  start('demo/main.ts', args, env)

const sample = 'examples/demo/sample-access-log.txt'
const escape = '\u001B'
/** A line of the table once there was traffic. */
const aSecond = /^ +[1-9]\d* s( +\d+){16}$/m
const address = /http:\/\/127\.0\.0\.1:\d+/

const folder = mkdtempSync(join(tmpdir(), 'sluice-demo-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function logOf(name: string, lines: readonly string[]): string {
  const path = join(folder, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

const lineAt = (time: string, client = '192.0.2.1'): string =>
  `${client} - - [12/Mar/2026:${time} +0000] "GET / HTTP/1.1" 200 5 "-" "-"`

describe.concurrent('npm run demo', () => {
  it('--once shows four clients, finds every answer right and ends with 0', async () => {
    const { code, stdout, stderr } = await demo(['--once'], { PORT: '' }).ended
    expect(stderr).toBe('')
    expect(stdout).not.toContain(escape)
    expect(stdout).toMatch(/^ +\d+ s( +\d+){16}$/m)
    expect(stdout).toMatch(/steady {2}\d+ of \d+ allowed, never refused/)
    expect(stdout).toMatch(/greedy {2}\d+ of \d+ allowed, \d+ refused by burst, \d+ refused by quota/)
    expect(stdout).toMatch(/polite .* waited \d+ times as told/)
    expect(stdout).toMatch(/^✓ All \d+ answers/m)
    expect(stdout).not.toContain('The server stays up')
    expect(code).toBe(0)
  })

  it('leaves the server up with curl lines to try, until SIGINT', async () => {
    const running = demo([])
    const [url] = await running.says(address)
    await running.says(/Ctrl-C ends it/)
    expect(running.stdout()).toContain(`curl -i ${url}/`)
    expect((await fetch(`${url}/anything`)).headers.get('ratelimit')).toMatch(
      /^"burst";r=\d+;t=\d+, "quota";/,
    )
    running.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends cleanly on %s in the middle of the traffic',
    async (signal) => {
      const running = demo([])
      await running.says(aSecond)
      running.kill(signal)
      // This waits for the process that sends the traffic too.
      const { code, stderr } = await running.ended
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    },
  )

  it('with --once a stop before the end proves nothing', async () => {
    const running = demo(['--once'])
    await running.says(aSecond)
    running.kill('SIGTERM')
    const { code, stdout } = await running.ended
    expect(stdout).toContain('Stopped before the end')
    expect(code).toBe(1)
  })

  it('leaves no traffic behind when it is killed', async () => {
    const running = demo([])
    await running.says(aSecond)
    running.kill('SIGKILL')
    expect((await running.ended).code).toBe(null)
  })

  it('says so when the port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { code, stdout, stderr } = await demo(['--once'], { PORT: `${port}` }).ended
    server.close()
    expect(stderr).toBe(`Port ${port} is taken: choose another, as in PORT=${port + 1} npm run demo.\n`)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it('refuses what it does not know, in a sentence and with the usage', async () => {
    const { code, stdout, stderr } = await demo(['--onse']).ended
    expect(stderr).toMatch(/^Unknown option '--onse'\.\n\nUsage: npm run demo/)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it('--help shows the usage', async () => {
    const { code, stdout } = await demo(['--help']).ended
    expect(stdout).toMatch(/^Usage: npm run demo/)
    expect(code).toBe(0)
  })
})

describe.concurrent('npm run demo -- --log', () => {
  it('tells who would have been limited, when and how often', async () => {
    const { code, stdout, stderr } = await demo(['--once', '--log', sample]).ended
    expect(stderr).toBe('')
    expect(stdout).not.toContain(escape)
    expect(stdout).toContain('249 requests of 7 clients from 12/Mar/2026:10:00:00 to 12/Mar/2026:10:01:31')
    expect(stdout).toContain('2 lines left out: no HTTP request (first: line 41)')
    expect(stdout).toContain('1 line left out: not Combined Log Format (first: line 151)')
    expect(stdout).toContain('1 line left out: does not begin with an IP address (first: line 201)')
    expect(stdout).toContain('1 line older than one before')
    const rows = stdout.split('\n').filter((line) => /^\d+\.\d+\.\d+\.\d+ /.test(line))
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      // 15 at once every 12 s: 10 pass. Then 6 a second, of which 4 come back, until the quota of 35 is used.
      ['198.51.100.66', '60', '20', '20', '0', '12/Mar/2026:10:00:12', '12/Mar/2026:10:00:48'],
      ['203.0.113.99', '78', '20', '15', '5', '12/Mar/2026:10:00:23', '12/Mar/2026:10:00:32'],
    ])
    expect(stdout).toMatch(/^✓ Every answer/m)
    expect(code).toBe(0)
  })

  it('goes by the times of the log, not by the clock', async () => {
    const slow = logOf(
      'slow.log',
      Array.from({ length: 59 }, (_, second) => lineAt(`10:00:${String(second).padStart(2, '0')}`)),
    )
    const fast = logOf(
      'fast.log',
      Array.from({ length: 59 }, () => lineAt('10:00:00')),
    )
    const [one, other] = await Promise.all([slow, fast].map((log) => demo(['--once', '--log', log]).ended))
    expect(one?.stdout).toContain('Nobody would have been limited.')
    expect(other?.stdout).toContain('1 client would have been limited, 49 requests refused (83.1 %)')
    expect([one?.code, other?.code]).toEqual([0, 0])
  })

  it('leaves the app up in the time of the log, until SIGTERM', async () => {
    const log = logOf('up.log', [...Array.from({ length: 12 }, () => lineAt('10:00:00')), lineAt('10:00:01')])
    const running = demo(['--log', log])
    const [url] = await running.says(address)
    await running.says(/Ctrl-C ends it/)
    const response = await fetch(url, { headers: { 'x-forwarded-for': '192.0.2.1' } })
    expect(response.status).toBe(200)
    const logEnd = Date.UTC(2026, 2, 12, 10, 0, 1) / 1000
    const reset = Number(response.headers.get('x-ratelimit-reset')) - logEnd
    expect(reset).toBeGreaterThan(0)
    expect(reset).toBeLessThan(60)
    running.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('takes what logs hold: any method and route, IPv6, times that step back, lines that are none', async () => {
    const line = (request: string, client = '192.0.2.9'): string =>
      `${client} - user name [12/Mar/2026:10:00:00 +0530] "${request}" 200 - "-" "a \\"quoted\\" agent"`
    const log = logOf('odd.log', [
      line('HEAD / HTTP/1.1'),
      line('PROPFIND /a%20b?c=d&e HTTP/1.1'),
      line('OPTIONS * HTTP/1.1'),
      line('GET http://www.example.com/ HTTP/1.1'),
      line('GET /caf\u00E9/\\"x\\" HTTP/1.1'),
      line(`GET /${'a'.repeat(30_000)} HTTP/1.1`),
      line('POST / HTTP/1.1', '2001:db8::1'),
      line('DELETE / HTTP/1.1', '2001:db8::2'),
      lineAt('03:00:00', '::ffff:192.0.2.9'),
      line('GET / HTTP/1.1').replace('12/Mar', '30/Feb'),
      'x'.repeat(200_000),
      '',
      '\u0000\u0001',
    ])
    const { code, stdout } = await demo(['--once', '--log', log]).ended
    expect(stdout).toContain('9 requests of 2 clients')
    expect(stdout).toContain('3 lines left out: not Combined Log Format (first: line 10)')
    expect(stdout).toContain('1 line older than one before')
    expect(code).toBe(0)
  })

  it('reads a first line behind a byte order mark', async () => {
    const log = logOf('marked.log', [
      `\uFEFF${lineAt('10:00:00')}`,
      lineAt('10:00:01', '-'),
      lineAt('10:00:02'),
    ])
    const { code, stdout } = await demo(['--once', '--log', log]).ended
    expect(stdout).toContain('2 requests of 1 client from 12/Mar/2026:10:00:00 to 12/Mar/2026:10:00:02')
    expect(stdout).toContain('1 line left out: does not begin with an IP address (first: line 2)')
    expect(code).toBe(0)
  })

  it('says that a compressed log has to be unpacked', async () => {
    const path = join(folder, 'access.log.gz')
    writeFileSync(path, gzipSync(lineAt('10:00:00')))
    const { code, stdout, stderr } = await demo(['--log', path]).ended
    expect(stderr).toBe(`${path} looks compressed: gunzip it first.\n`)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it.each([
    ['no-such.log', /^There is no file .*no-such\.log\.\n$/],
    ['examples', /examples is a folder, not a log\.\n$/],
  ])('refuses %s', async (path, said) => {
    const { code, stdout, stderr } = await demo(['--log', path]).ended
    expect(stderr).toMatch(said)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  })

  it('with --once fails when there was nothing to replay', async () => {
    const { code, stdout } = await demo(['--once', '--log', logOf('empty.log', ['', 'nothing'])]).ended
    expect(stdout).toContain('\n0 requests\n1 line left out: not Combined Log Format (first: line 2)\n')
    expect(stdout).toContain('✗ There was no request to replay.')
    expect(stdout).not.toContain(' from ')
    expect(code).toBe(1)
  })
})
