// How each tool is called. By `node` and path: going through pnpm or npx costs half a second a call.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

const inModules = (path) => ['node', join(root, 'node_modules', path)]

export const tools = {
  tsc: inModules('typescript/bin/tsc'),
  oxlint: inModules('oxlint/bin/oxlint'),
  oxfmt: inModules('oxfmt/bin/oxfmt'),
  knip: inModules('knip/bin/knip.js'),
  vitest: inModules('vitest/vitest.mjs'),
  stryker: inModules('@stryker-mutator/core/bin/stryker.js'),
  changeset: inModules('@changesets/cli/bin.js'),
  publint: inModules('publint/src/cli.js'),
  attw: inModules('@arethetypeswrong/cli/dist/index.js'),
  sizeLimit: inModules('size-limit/bin.js'),
}

const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** pnpm at the version this repository is made with. An outer npx would leave its own --package behind. */
export const pnpm = ['npx', '--yes', '--package', packageManager, '--', 'pnpm']

export const typecheck = [...tools.tsc, '--project', 'tsconfig.json']
export const lint = [...tools.oxlint, '--deny-warnings']
export const vitest = [...tools.vitest, 'run', '--config', 'vitest.workspace.ts']
