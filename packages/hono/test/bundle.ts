import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** Bundles the app and the HTTP cases as one would for an edge runtime: an import of Node's modules is an error. */
export async function bundleForEdge(format: 'esm' | 'iife'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('edge.ts', import.meta.url))],
    bundle: true,
    platform: 'neutral',
    conditions: ['@sluice/source'],
    // The address library has no "exports", and the neutral platform reads no other field by itself.
    mainFields: ['module', 'main'],
    format,
    globalName: 'edge',
    write: false,
  })
  return outputFiles.map(({ text }) => text).join('')
}
