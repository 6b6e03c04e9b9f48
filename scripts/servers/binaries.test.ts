import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findProgram } from './binaries.ts'

const run = promisify(execFile)

describe('the programs of the servers', () => {
  let checkout: string
  let bin: string

  /** A checkout whose cache is empty. */
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'sluice-'))
    bin = join(checkout, 'bin')
    for (const folder of [bin, join(checkout, 'scripts', 'servers')]) mkdirSync(folder, { recursive: true })
    const source = fileURLToPath(new URL('./binaries.ts', import.meta.url))
    copyFileSync(source, join(checkout, 'scripts', 'servers', 'binaries.mts'))
  })
  afterEach(() => rmSync(checkout, { recursive: true }))

  async function foundWithPath(path: string, libraries = ''): Promise<string> {
    const program = `
      const { findProgram } = await import(${JSON.stringify(join(checkout, 'scripts', 'servers', 'binaries.mts'))})
      try { console.log((await findProgram('redis-server')).path) } catch (error) { console.log(error.message) }`
    const { stdout } = await run(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { env: { ...process.env, PATH: path, LD_LIBRARY_PATH: libraries } },
    )
    return stdout.trim()
  }

  test('on the PATH come first, whatever else is there that does not run', async () => {
    const { path, env } = await findProgram('redis-server')
    const broken = join(checkout, 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'redis-server'), 'no program')
    symlinkSync(path, join(bin, 'redis-server'))
    expect(await foundWithPath(`${broken}:${bin}`, env['LD_LIBRARY_PATH'])).toBe(join(bin, 'redis-server'))
  })

  test('that go by the name of Valkey will do', async () => {
    const { path, env } = await findProgram('redis-server')
    symlinkSync(path, join(bin, 'valkey-server'))
    expect(await foundWithPath(bin, env['LD_LIBRARY_PATH'])).toBe(join(bin, 'valkey-server'))
  })

  test('that can be had nowhere: one sentence says what to do', async () => {
    expect(await foundWithPath(bin)).toBe(
      'The tests need redis-server: install it (Debian, Ubuntu: apt-get install redis-server memcached; ' +
        'macOS: brew install redis memcached), or name a running server in REDIS_URL.',
    )
  })
})
