import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const pathOf = (entry: string): string => fileURLToPath(new URL(`../../${entry}`, import.meta.url))

/** The files that a package's entry loads, where nothing is dropped that nobody calls. */
async function loadedBy(entry: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [pathOf(entry)],
    bundle: true,
    platform: 'node',
    conditions: ['@sluice/source'],
    format: 'esm',
    ignoreAnnotations: true,
    metafile: true,
    write: false,
  })
  return Object.keys(metafile.inputs).filter((path) => path.startsWith('packages/core/'))
}

it.each(['express', 'koa', 'hono'])('@sluice/%s is thin: 80 lines at the most', (name) => {
  const lines = readFileSync(pathOf(`${name}/src/index.ts`), 'utf8')
    .trimEnd()
    .split('\n')
  expect(lines.length).toBeLessThanOrEqual(80)
})

it.each(['express', 'koa', 'hono'])('@sluice/%s does not load the cases that test it', async (name) => {
  const loaded = await loadedBy(`${name}/src/index.ts`)
  expect(loaded).toContain('packages/core/src/http/gate.ts')
  expect(loaded.filter((path) => /cases|conformance/.test(path))).toEqual([])
})

it('@sluice/core/http has them', async () => {
  expect(await loadedBy('core/src/http/index.ts')).toContain('packages/core/src/http/cases.ts')
})
