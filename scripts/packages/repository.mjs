// Writes the address of the repository that publishes into each package: npm compares it with the provenance
// statement. The files themselves hold none, so that a fork publishes under its own.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../lib/tools.mjs'

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env
if (server && repository) {
  for (const folder of readdirSync(join(root, 'packages'))) {
    const file = join(root, 'packages', folder, 'package.json')
    const manifest = JSON.parse(readFileSync(file, 'utf8'))
    manifest.repository = {
      type: 'git',
      url: `git+${server}/${repository}.git`,
      directory: `packages/${folder}`,
    }
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`)
  }
}
