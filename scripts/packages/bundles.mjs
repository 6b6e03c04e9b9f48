// What the packages weigh in a user's bundle, and that they bundle for runtimes without Node's modules.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { build } from 'esbuild'
import { captured } from '../lib/run.mjs'
import { root, tools } from '../lib/tools.mjs'

/** The limits are in .size-limit.json; resolves to the sizes. */
export async function checkSizes() {
  const { code, lines } = await captured([...tools.sizeLimit, '--json'], { cwd: root })
  const text = lines.join('\n')
  assert.equal(code, 0, text)
  return JSON.parse(text)
    .map(({ name, size }) => `${name} ${(size / 1000).toFixed(1)} kB`)
    .join(', ')
}

/** Bundles an entry with all it imports; on the neutral platform an import of a Node module is an error. */
export async function checkEdgeBundle(folder, entry) {
  const result = await build({
    stdin: { contents: `export * from '${entry}'`, resolveDir: join(root, 'packages', folder) },
    bundle: true,
    platform: 'neutral',
    // The address library has no "exports", and the neutral platform reads no other field by itself.
    mainFields: ['module', 'main'],
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const outside = Object.values(result.metafile.outputs).flatMap(({ imports }) =>
    imports.map(({ path }) => path),
  )
  assert.deepEqual(outside, [], `${entry} imports what an edge runtime may not have`)
}
