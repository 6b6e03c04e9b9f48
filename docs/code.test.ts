/** Every code block of every document is type-checked and run, every command exists, and every link leads somewhere. */

import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as core from '../packages/core/src/index.ts'
import * as keys from '../packages/core/src/keys.ts'
import { startMemcached } from '../scripts/servers/memcached.ts'
import { clusterOfRun } from '../scripts/servers/of-run.ts'
import { startRedis } from '../scripts/servers/redis.ts'
import { type Block, blocksOf, documents, read, root } from './testing/markdown.ts'
import type { Result } from './testing/run-blocks.ts'

const run = promisify(execFile)
const blocks = documents.flatMap(blocksOf)
const title = ({ path, line }: Block): string => `${path}:${line}`

/** What blocks without imports from Sluice have at hand, on one line, so that the lines of errors are those of the block. */
const at = (name: string, middleware: string, app: string): string =>
  `import { ${[...Object.keys(core), ...(name === 'core' ? [] : Object.keys(keys)), middleware].join(', ')} } from '@sluice/${name}'; ${app};`
const surroundings: Record<string, string> = {
  core: at('core', '', ''),
  express: at('express', 'rateLimit', "import express from 'express'; const app = express()"),
  koa: at('koa', 'rateLimit', "import Koa from 'koa'; const app = new Koa()"),
  hono: at(
    'hono',
    'rateLimit, type RateLimitVariables',
    "import { Hono } from 'hono'; const app = new Hono()",
  ),
}

interface Program {
  readonly name: string
  readonly block: Block
  readonly source: string
}

/** A block as a module: whole, or put into the surroundings of its package. */
function programOf(block: Block, index: number): Program {
  const { path, info, text } = block
  const name = `${index}-${path.replaceAll('/', '-')}-${block.line}.ts`
  // One that has its imports from Sluice, or from another limiter, is whole.
  if (/from '(@sluice\/|.*rate-?limit)/.test(text)) return { name, block, source: `\n${text}` }
  const flavour = info || (/^packages\/(\w+)\//.exec(path)?.[1] ?? 'express')
  const imports = Array.from(text.matchAll(/^import .*$/gm), ([line]) => line)
  const rest = text.replaceAll(/^import .*$/gm, '')
  return { name, block, source: `${surroundings[flavour]} ${imports.join(';')}; {\n${rest}}\nexport {}\n` }
}

/** `expression // => value` becomes a check, as does `expression // throws text`. */
const checking = (source: string): string =>
  source
    .replaceAll(/^(\s*)(\S.*) \/\/ => (.+)$/gm, '$1;same($2, $3)')
    .replaceAll(/^(\s*)(\S.*) \/\/ throws (.+)$/gm, (_, indent: string, expression: string, text: string) => {
      return `${indent};throws(() => ${expression}, ${JSON.stringify(text)})`
    })

const programs = blocks.filter(({ language }) => language === 'ts').map(programOf)
/** Tests run under a test runner only. */
const runnable = programs.filter(({ source }) => !source.includes("from 'vitest'"))

mkdirSync(join(root, '.cache'), { recursive: true })
const work = mkdtempSync(join(root, '.cache', 'docs-'))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** The files of all programs, beside the modules that examples have. */
function writePrograms(): void {
  const modules = join(work, 'node_modules')
  mkdirSync(modules)
  const examples = join(root, 'examples', 'node_modules')
  for (const name of readdirSync(examples)) {
    if (!name.startsWith('.')) symlinkSync(join(examples, name), join(modules, name))
  }
  symlinkSync(join(root, 'node_modules', 'vitest'), join(modules, 'vitest'))
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }')
  for (const { name, source } of programs) writeFileSync(join(work, name), source)
  for (const { name, source } of runnable) writeFileSync(join(work, `run-${name}`), checking(source))
  const tsconfig = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      declaration: false,
      isolatedDeclarations: false,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    files: programs.map(({ name }) => name),
  }
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(tsconfig))
  writeFileSync(
    join(work, 'list.json'),
    JSON.stringify(runnable.map(({ name }) => join(work, `run-${name}`))),
  )
}

const servers: { stop(): Promise<void> }[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

/** Servers of our own, since blocks use any key; by the ports at which blocks look for them. */
async function startServers(): Promise<Record<string, number>> {
  const [redis, memcached, { nodes }] = await Promise.all([startRedis(), startMemcached(), clusterOfRun()])
  servers.push(redis, memcached)
  const ofCluster = nodes.map(({ port }, index) => [7000 + index, port] as const)
  return Object.fromEntries([[6379, redis.port], [11_211, memcached.port], ...ofCluster])
}

const node = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> =>
  run(process.execPath, args, { cwd: work, timeout: 40_000, env: { ...process.env, ...env } }).then(
    () => '',
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )

/** What the compiler says of all programs, and what came of those that were run. */
let errors = ''
let results: readonly Result[] = []
beforeAll(async () => {
  writePrograms()
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const runner = join(root, 'docs', 'testing', 'run-blocks.ts')
  const tsx = join(root, 'node_modules', 'tsx', 'dist', 'esm', 'index.mjs')
  const [compiled, ran] = await Promise.all([
    node([compiler, '--project', join(work, 'tsconfig.json')]),
    startServers().then((ports) =>
      node(['--conditions=@sluice/source', '--import', tsx, runner, join(work, 'list.json')], {
        PORTS: JSON.stringify(ports),
      }),
    ),
  ])
  errors = compiled
  if (ran !== '') throw new Error(ran)
  results = JSON.parse(readFileSync(join(work, 'list.json.results'), 'utf8')) as Result[]
}, 60_000)

const resultOf = (block: Block | undefined): Result | undefined =>
  results[runnable.findIndex((program) => program.block === block)]

describe('TypeScript', () => {
  it.each(programs)('$block.path:$block.line has no type errors', ({ name }) => {
    expect(errors.split('\n').filter((line) => line.startsWith(name))).toEqual([])
  })

  it('nothing else has type errors', () => {
    const ours = (line: string): boolean => programs.some(({ name }) => line.startsWith(name))
    expect(errors.split('\n').filter((line) => /^\S.*error TS/.test(line) && !ours(line))).toEqual([])
  })

  it.each(runnable)('$block.path:$block.line runs', ({ block }) => {
    expect(resultOf(block)?.error).toBeUndefined()
  })

  // What the cookbook's programs answer is for its own test.
  const asked = runnable.filter(({ block }) => block.path !== 'docs/policies.md')
  it.each(asked)('$block.path:$block.line answers, if it serves', ({ block }) => {
    expect(resultOf(block)?.first?.status ?? 200).toBe(200)
  })
})

describe('the refused client in README.md', () => {
  const [example = ''] = blocks
    .filter(({ path, language }) => path === 'README.md' && language === 'http')
    .map(({ text }) => text)
  const [head = '', body = ''] = example.split('\n\n')
  const [status, ...lines] = head.split('\n')
  const program = blocks.find(({ path, language }) => path === 'README.md' && language === 'ts')

  it('sees what the program above it sends', () => {
    const refused = resultOf(program)?.refused
    expect(status).toBe(`HTTP/1.1 ${refused?.status} ${refused?.reason}`)
    const beside = /^(date|connection|keep-alive|content-length|transfer-encoding|x-powered-by)$/i
    const sent = refused?.headers.flatMap(([name, value]) => (beside.test(name) ? [] : [`${name}: ${value}`]))
    expect(lines).toEqual(sent)
    expect(JSON.parse(body)).toEqual(JSON.parse(refused?.body ?? '{}'))
  })
})

describe('commands', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const packages =
    /^(@sluice\/(core|express|koa|hono)|express|koa|hono|@hono\/node-server|ioredis|redis|memcached)$/
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ path, text }) =>
      text
        .trim()
        .split('\n')
        .map((line) => ({ path, command: line.replace(/ +# .*$/, '') })),
    )

  it.each(lines)('$path: $command', ({ command }) => {
    const [, names] = /^npm install (.+)$/.exec(command) ?? []
    const known =
      names?.split(' ').every((name) => packages.test(name)) ??
      /^(npm (test|run \w+( -- .+)?)|curl .+)$/.test(command)
    expect(known).toBe(true)
    const files = names === undefined ? command.split(' ').filter((word) => /^\w+\//.test(word)) : []
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it.each(documents)('%s names no script that is not there', (path) => {
    const named = Array.from(read(path).matchAll(/npm run (\w+)/g), ([, name = '']) => name)
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

describe.each(documents)('%s', (path) => {
  const prose = read(path).replaceAll(/^```[^]*?^```$/gm, '')

  it('has links that lead somewhere, and none that leads elsewhere', () => {
    const links = Array.from(prose.matchAll(/\]\(([^)]*)\)/g), ([, link = '']) => link)
    const dead = links.filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchors(target).includes(anchor))
    })
    expect(dead).toEqual([])
    expect(prose).not.toMatch(/https?:/)
    // npm shows a package's README without the repository.
    expect(path.startsWith('packages/') ? links : []).toEqual([])
  })

  it('names files that are there', () => {
    const named = Array.from(
      prose.matchAll(
        /`((?:packages|docs|examples|benchmarks|scripts|\.changeset|\.ci|\.github)\/[\w./-]+)`/g,
      ),
      ([, file = '']) => file,
    )
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  it('has blocks that are checked', () => {
    const checked = new Set(['ts', 'sh', 'http', 'json'])
    expect(
      blocksOf(path)
        .filter(({ language }) => !checked.has(language))
        .map(title),
    ).toEqual([])
    expect(read(path).match(/^```/gm)?.length ?? 0).toBe(blocksOf(path).length * 2)
  })
})

it('README.md tells the sizes that bundles are held to', () => {
  const limits = (JSON.parse(read('.size-limit.json')) as { limit: string }[]).map(({ limit }) => limit)
  const told = Array.from(read('README.md').matchAll(/at most (\d+ kB)/g), ([, limit]) => limit)
  expect(new Set(told)).toEqual(new Set(limits))
})

it('README.md is one page', () => {
  expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120)
})

/** The anchors of a document's headings, as they are made where Markdown is shown. */
function anchors(path: string): string[] {
  return Array.from(read(path).matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}
