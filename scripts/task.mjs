// Every npm script comes through here, so that a fresh clone needs nothing but Node and npm: it installs and
// builds when that is needed, then runs the task. The npm scripts say `exec node …` because npm signals its
// shell only: without `exec` a SIGTERM would end the shell and leave the demo running.
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foreground } from './lib/run.mjs'
import { lint, pnpm, root, tools, typecheck, vitest } from './lib/tools.mjs'
import { test } from './test.mjs'

/** Runs commands one after the other, up to the first that fails; the last gets what was typed after `--`. */
const run =
  (...commands) =>
  async (args) => {
    for (const [index, command] of commands.entries()) {
      const code = await foreground(index === commands.length - 1 ? [...command, ...args] : command)
      if (code !== 0) return code
    }
    return 0
  }

const tsx = ['node', '--import', 'tsx']
const tasks = {
  build: { build: 'always', run: () => 0 },
  test: { build: 'always', run: test },
  demo: { build: 'stale', run: run([...tsx, 'examples/demo/main.ts']) },
  bench: { build: 'stale', run: run([...tsx, '--expose-gc', 'benchmarks/run.ts']) },
  soak: { run: run([...tsx, '--expose-gc', 'packages/core/test/soak/main.ts']) },
  packages: { build: 'stale', run: run(['node', 'scripts/packages/check.mjs']) },
  vitest: { run: run(vitest) },
  mutation: { run: run([...tools.stryker, 'run'], ['node', 'scripts/mutation/report.mjs']) },
  typecheck: { run: run(typecheck) },
  lint: { run: run(lint) },
  format: { run: run(tools.oxfmt) },
  knip: { run: run(tools.knip) },
  changeset: { run: run(tools.changeset) },
  // Changesets lays package.json out in its own way, and the lockfile has to follow.
  version: {
    run: run([...tools.changeset, 'version'], tools.oxfmt, [...pnpm, 'install', '--lockfile-only']),
  },
  // Inside pnpm, because publishing with it is what replaces `workspace:*` and applies `publishConfig`.
  release: {
    build: 'always',
    run: run(['node', 'scripts/packages/repository.mjs'], [...pnpm, 'exec', 'changeset', 'publish']),
  },
}

const stamps = join(root, 'node_modules', '.cache', 'sluice')
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

async function install() {
  const stamp = join(stamps, 'installed')
  const wanted = read('pnpm-lock.yaml')
  // Its text, not its time: a checkout touches files without changing them.
  if (read(stamp) === wanted) return
  await step('install', [...pnpm, 'install', '--frozen-lockfile'], stamp, wanted)
}

async function build(when) {
  const stamp = join(stamps, 'built')
  if (when === undefined) return
  if (when === 'stale' && newest(sources()) < Number(read(stamp))) return
  await step('build', ['node', 'scripts/build.mjs'], stamp, String(Date.now()))
}

function sources() {
  const packages = readdirSync('packages').map((name) => join('packages', name))
  // A build that somebody removed is as stale as one that is out of date.
  if (!packages.every((dir) => existsSync(join(dir, 'dist')))) return []
  return [
    'tsconfig.base.json',
    'tsconfig.esm.json',
    'tsconfig.cjs.json',
    ...packages.flatMap((dir) => [join(dir, 'package.json'), join(dir, 'src')]),
  ]
}

/** When any of these last changed; a folder's own time tells of files that were deleted. Nothing: right now. */
function newest(paths) {
  if (paths.length === 0) return Infinity
  return Math.max(
    ...paths.map((path) => {
      const stat = statSync(path)
      const inside = stat.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : []
      return inside.length === 0 ? stat.mtimeMs : Math.max(stat.mtimeMs, newest(inside))
    }),
  )
}

/** Runs a command that everything after it needs, and remembers what it was done for. */
async function step(name, command, stamp, text) {
  const start = performance.now()
  const code = await foreground(command)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)`)
  if (code !== 0) process.exit(code)
  mkdirSync(stamps, { recursive: true })
  writeFileSync(stamp, text)
}

process.chdir(root)
const [name = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(tasks, name)) {
  console.error(`No task "${name}". There are: ${Object.keys(tasks).join(', ')}.`)
  process.exit(1)
}
await install()
await build(tasks[name].build)
process.exitCode = await tasks[name].run(args)
