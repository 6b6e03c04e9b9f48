// Compiles every package twice, to ES modules and to CommonJS, into empty folders: a file whose source is gone
// must not be published.
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foreground } from './lib/run.mjs'
import { root, tools } from './lib/tools.mjs'

const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
for (const dir of packages) rmSync(join(dir, 'dist'), { recursive: true, force: true })

for (const format of ['esm', 'cjs']) {
  const projects = packages.map((dir) => join(dir, `tsconfig.${format}.json`))
  const code = await foreground([...tools.tsc, '--build', ...projects])
  if (code !== 0) process.exit(code)
}

// The packages say "type": "module"; this tells Node, and TypeScript, that these files are not.
for (const dir of packages)
  writeFileSync(join(dir, 'dist', 'cjs', 'package.json'), '{ "type": "commonjs" }\n')
