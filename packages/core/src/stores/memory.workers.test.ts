import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const app = fileURLToPath(new URL('../testing/workers.ts', import.meta.url))

it('says in each worker of a cluster, once, that limits in memory are its own', () => {
  const flags = ['--import', 'tsx', '--conditions=@sluice/source']
  const said = execFileSync(process.execPath, [...flags, app], { encoding: 'utf8' })
    .trim()
    .split('\n')
  expect(said.toSorted()).toEqual(['primary: ', 'worker: limits in memory are per process: share a store'])
})
