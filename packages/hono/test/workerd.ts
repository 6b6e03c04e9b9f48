import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

interface Workerd {
  /** Where the program is. */
  readonly default: string
  readonly compatibilityDate: string
}

/** Cloudflare's runtime, where its package has a program that runs on this machine. */
export function findWorkerd(): Workerd | undefined {
  try {
    const require = createRequire(import.meta.url)
    const workerd = require('workerd') as Workerd
    return spawnSync(workerd.default, ['--version']).status === 0 ? workerd : undefined
  } catch {
    return undefined
  }
}

/** Serves a worker on a free loopback port. */
export async function serveWorker(
  workerd: Workerd,
  source: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-'))
  await writeFile(join(folder, 'worker.mjs'), source)
  await writeFile(join(folder, 'config.capnp'), config(workerd.compatibilityDate))
  const child = spawn(workerd.default, ['serve', 'config.capnp', '--control-fd=1'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    url: `http://127.0.0.1:${await portOf(child)}/`,
    async close() {
      child.kill()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}

const config = (date: string): string => `
using Workerd = import "/workerd/workerd.capnp";
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "${date}",
);
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`

/** Workerd tells its ports line by line. */
async function portOf({ stdout, pid }: ChildProcess): Promise<number> {
  if (stdout !== null) {
    for await (const line of createInterface(stdout)) {
      const { event, port } = JSON.parse(line) as { event: string; port: number }
      if (event === 'listen') return port
    }
  }
  throw new Error(`workerd (process ${pid}) does not listen`)
}
