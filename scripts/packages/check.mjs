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
    console.log(`✓ ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`)
    return result
  } catch (error) {
    counts.failed++
    console.log(`✗ ${name}\n${error instanceof Error ? error.message : error}`)
    return undefined
  }
}

const work = mkdtempSync(join(tmpdir(), 'sluice-'))
try {
  const bundles = [
    check('sizes', checkSizes),
    check('@sluice/core/http bundles for the edge', () => checkEdgeBundle('core', '@sluice/core/http')),
    check('@sluice/hono bundles for the edge', () => checkEdgeBundle('hono', '@sluice/hono')),
  ]
  const tarballs = (await check('release, tried in a copy', () => tryRelease(join(work, 'release')))) ?? []
  await Promise.all([
    ...bundles,
    ...tarballs.flatMap(({ name, file }) => [
      check(`${name}: publint`, () => must([...tools.publint, file, '--strict'])),
      check(`${name}: types resolve`, () => must([...tools.attw, file, '--profile', 'node16'])),
    ]),
    ...(tarballs.length === 0
      ? []
      : [
          check('installed beside the newest frameworks', () =>
            checkConsumer(join(work, 'newest'), tarballs, newest),
          ),
          check('installed beside the oldest frameworks', () =>
            checkConsumer(join(work, 'oldest'), tarballs, oldest),
          ),
        ]),
  ])
} finally {
  rmSync(work, { recursive: true, force: true })
}

console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1
