import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { memory } from './memory.ts'

const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true })
const unknown = positionals.find((name) => name !== 'memory')
if (unknown !== undefined) {
  console.error(`there is no benchmark named ${unknown}: there is memory`)
  process.exit(1)
}

/** The commit that is measured; a package without its repository has none. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}

console.log(
  `node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, commit ${commit()}`,
)
await memory(
  values.quick ? { keys: 1000, calls: 20_000, rounds: 3 } : { keys: 1000, calls: 300_000, rounds: 9 },
)
