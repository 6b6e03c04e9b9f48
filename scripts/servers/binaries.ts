import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export type ProgramName = 'redis-server' | 'memcached'

/** A program that was seen to run, and what its environment has to be. */
export interface Program {
  readonly path: string
  readonly env: NodeJS.ProcessEnv
}

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../.cache', import.meta.url))
const unpacked = join(cache, 'servers')
const otherNames = { 'redis-server': ['valkey-server'], memcached: [] } as const
const variables = { 'redis-server': 'REDIS_URL', memcached: 'MEMCACHED_URL' } as const
const found = new Map<ProgramName, Promise<Program>>()
let unpacking: Promise<void> | undefined

/**
 * Where a server's program is: on the PATH, or among Debian's packages, which need not be installed for that:
 * they are unpacked into `.cache/servers` of the checkout and stay there for the next run.
 *
 * @throws {Error} One sentence that says what to install.
 */
export function findProgram(name: ProgramName): Promise<Program> {
  let promise = found.get(name)
  if (promise === undefined) found.set(name, (promise = find(name)))
  return promise
}

async function find(name: ProgramName): Promise<Program> {
  const here = (await onPath(name)) ?? (await inCache(name))
  if (here !== undefined) return here
  let cause: unknown
  try {
    await (unpacking ??= unpackPackages())
  } catch (error) {
    cause = error
  }
  // Asked also when it failed: another run may have been first.
  const now = await inCache(name)
  if (now === undefined) throw new Error(missing(name), { cause })
  return now
}

const missing = (name: ProgramName): string =>
  `The tests need ${name}: install it (Debian, Ubuntu: apt-get install redis-server memcached; ` +
  `macOS: brew install redis memcached), or name a running server in ${variables[name]}.`

async function onPath(name: ProgramName): Promise<Program | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const each of [name, ...otherNames[name]]) {
      const program = { path: join(folder, each), env: process.env }
      if (await runs(program)) return program
    }
  }
  return undefined
}

async function inCache(name: ProgramName): Promise<Program | undefined> {
  const libraries = join(unpacked, 'usr', 'lib')
  if (!existsSync(libraries)) return undefined
  const folders = (await readdir(libraries)).filter((folder) => folder.includes('-linux-'))
  const path = [...folders.map((folder) => join(libraries, folder)), process.env['LD_LIBRARY_PATH'] ?? []]
  const env = { ...process.env, LD_LIBRARY_PATH: path.flat().join(delimiter) }
  const program = { path: join(unpacked, 'usr', 'bin', name), env }
  return (await runs(program)) ? program : undefined
}

/** Whether it starts here: a cache may have come from another machine, without the libraries that were there. */
async function runs({ path, env }: Program): Promise<boolean> {
  if (!existsSync(path)) return false
  try {
    await run(path, ['--version'], { env })
    return true
  } catch {
    return false
  }
}

/** Another run may be doing the same: each works in a folder of its own, and the first to rename it wins. */
async function unpackPackages(): Promise<void> {
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'servers-'))
  try {
    // The machine's lists of packages can be absent or too old; new ones of our own need no rights.
    await download(folder, []).catch(async () => {
      const own = await ownLists(folder)
      await run('apt-get', [...own, 'update'])
      await download(folder, own)
    })
    const target = join(folder, 'root')
    for (const file of await readdir(folder))
      if (file.endsWith('.deb')) await run('dpkg-deb', ['--extract', join(folder, file), target])
    await rename(target, unpacked).catch(async () => {
      // What is there already is another run's, or does not work.
      if ((await inCache('redis-server')) && (await inCache('memcached'))) return
      await rm(unpacked, { recursive: true, force: true })
      await rename(target, unpacked)
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Gets the packages that an installation would add: those two and what they need and this machine lacks. */
async function download(folder: string, options: readonly string[]): Promise<void> {
  const install = ['install', '--simulate', '--no-install-recommends', 'redis-server', 'memcached']
  const { stdout } = await run('apt-get', [...options, ...install])
  const names = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name!)
  await run('apt-get', [...options, 'download', ...names], { cwd: folder })
}

async function ownLists(folder: string): Promise<string[]> {
  const lists = join(folder, 'lists')
  await mkdir(lists)
  // As root, apt would read and write them as another user, who cannot.
  return ['-o', `Dir::State::Lists=${lists}`, '-o', 'APT::Sandbox::User=root']
}
