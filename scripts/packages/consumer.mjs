// A user's project: the tarballs installed with plain npm into an empty folder, then imported, required and
// compiled against.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { captured, must } from '../lib/run.mjs'
import { root, tools } from '../lib/tools.mjs'

const workspace = {
  express: ['express', '@types/express'],
  koa: ['koa', '@types/koa'],
  hono: ['hono'],
  core: ['rate-limiter-flexible'],
}

/**
 * Both ends of the peer ranges: what the workspace itself is tested with, and the oldest that is allowed, without what is
 * optional.
 */
export const newest = Object.fromEntries(
  Object.entries(workspace).flatMap(([folder, names]) =>
    names.map((name) => {
      const manifest = join(root, 'packages', folder, 'node_modules', name, 'package.json')
      return [name, JSON.parse(readFileSync(manifest, 'utf8')).version]
    }),
  ),
)
export const oldest = {
  ...newest,
  express: '4.18.0',
  '@types/express': '4.17.0',
  koa: '2.15.0',
  '@types/koa': '2.15.0',
  hono: '4.0.0',
}
delete oldest['rate-limiter-flexible']

const fixtures = join(root, 'scripts', 'packages', 'consumer')
const modes = [
  { module: 'node16', files: ['program.mts', 'program.cts'] },
  { module: 'nodenext', files: ['program.mts', 'program.cts'] },
  { module: 'esnext', moduleResolution: 'bundler', files: ['program.ts'] },
]

export async function checkConsumer(dir, tarballs, frameworks) {
  mkdirSync(dir)
  const dependencies = {
    ...Object.fromEntries(tarballs.map(({ name, file }) => [name, `file:${file}`])),
    ...frameworks,
  }
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await must(['npm', 'install', ...quiet], { cwd: dir })

  for (const name of ['import.mjs', 'require.cjs']) {
    copyFileSync(join(fixtures, name), join(dir, name))
    await must(['node', name], { cwd: dir })
  }
  for (const name of ['program.ts', 'program.mts', 'program.cts']) {
    copyFileSync(join(fixtures, 'program.ts'), join(dir, name))
  }
  const isThere = existsSync(join(dir, 'node_modules', 'rate-limiter-flexible'))
  assert.equal(isThere, 'rate-limiter-flexible' in frameworks)
  if (isThere) await checkBridge(dir)
  for (const mode of modes) await checkTypes(dir, mode)
}

/** With rate-limiter-flexible beside it. Without it, the other programs run and compile all the same. */
async function checkBridge(dir) {
  copyFileSync(join(fixtures, 'bridge.mjs'), join(dir, 'bridge.mjs'))
  await must(['node', 'bridge.mjs'], { cwd: dir })
  copyFileSync(join(fixtures, 'bridge.ts'), join(dir, 'bridge.ts'))
  for (const mode of modes) await checkTypes(dir, { ...mode, files: ['bridge.ts'] })
}

async function checkTypes(dir, { files, ...mode }) {
  const compilerOptions = {
    ...mode,
    target: 'es2022',
    types: ['node'],
    strict: true,
    noEmit: true,
    // Declarations are checked too, as some users do; only ours count, since frameworks have errors in theirs.
    skipLibCheck: false,
  }
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  const { code, lines } = await captured([...tools.tsc, '--project', 'tsconfig.json'], { cwd: dir })
  const errors = lines.filter((line) => /^\S/.test(line))
  const ours = errors.filter((line) => !/^node_modules\/(?!@sluice\/)/.test(line))
  assert.ok(ours.length === 0 && (code === 0 || errors.length > 0), `${mode.module}:\n${lines.join('\n')}`)
}
