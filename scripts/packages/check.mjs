// Checks the packages as their users get them: as tarballs of a release that is tried out in a copy.
// Needs a build. Prints one line a check, and the counts.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from '../lib/run.mjs'
import { tools } from '../lib/tools.mjs'
import { checkEdgeBundle, checkSizes } from './bundles.mjs'
import { checkConsumer, newest, oldest } from './consumer.mjs'
import { tryRelease } from './release.mjs'

const counts = { passed: 0, failed: 0 }

/** Runs one check and tells how it went; whatever it throws is its failure. */
async function check(name, run) {
  const start = performance.now()
  try {
    const result = await run()
    counts.passed++
    const detail = typeof result === 'string' ? `: ${result}` : ''
    console.log(`✓ ${name}${detail} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    counts.failed++
    console.log(`✗ ${name}\n${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

/** For tools whose output matters only when they fail. */
async function quietly(command) {
  await must(command)
}

const work = mkdtempSync(join(tmpdir(), 'sluice-'))
process.once('exit', () => rmSync(work, { recursive: true, force: true }))

const running = [
  check('sizes', checkSizes),
  check('@sluice/core/http bundles for the edge', () => checkEdgeBundle('core', '@sluice/core/http')),
  check('@sluice/hono bundles for the edge', () => checkEdgeBundle('hono', '@sluice/hono')),
]
const tarballs = await check('release, tried in a copy', () => tryRelease(join(work, 'release')))
if (tarballs) {
  for (const { name, file } of tarballs) {
    running.push(
      check(`${name}: publint`, () => quietly([...tools.publint, file, '--strict'])),
      check(`${name}: types resolve`, () => quietly([...tools.attw, file, '--profile', 'node16'])),
    )
  }
  for (const [name, frameworks] of Object.entries({ newest, oldest })) {
    const dir = join(work, name)
    running.push(
      check(`installed beside the ${name} frameworks`, () => checkConsumer(dir, tarballs, frameworks)),
    )
  }
}
await Promise.all(running)

console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
