/**
 * `npm run soak`: random traffic on real servers with random faults and restarts, 10 minutes or as many as are asked
 * for (`npm run soak -- --minutes 2`). Ends with 0 when memory stayed flat and, in stretches without faults, every
 * decision was the one that the memory store makes.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { watchTimers } from '../timers.ts'
import { drift } from './drift.ts'
import { heapMb } from './heap.ts'
import { startWorld } from './world.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes must be a number above 0, got '${values.minutes}'`)
  process.exit(1)
}

const seed = Number(values.seed ?? Date.now() % 2 ** 31)
console.log(`Soaking for ${minutes} minutes with seed ${seed}.`)
const failures: string[] = []
process.on('unhandledRejection', (error) => failures.push(`unhandled rejection: ${String(error)}`))

const timers = watchTimers()
const world = await startWorld(seed)
const end = Date.now() + minutes * 60_000
const heap: number[] = []
let round = 0
while (Date.now() < end) {
  round++
  const fault = await world.trouble()
  const calm = await drift(world)
  failures.push(...calm.differences)
  heap.push(heapMb())
  const { decisions, sources } = world.figures()
  const told = Object.entries(sources).map(([source, count]) => `${source} ${count}`)
  console.log(
    `round ${round}: ${fault}; ${decisions} decisions (${told.join(', ')}), ${calm.compared} compared, ` +
      `${calm.differences.length} differ, heap ${heap.at(-1)?.toFixed(1)} MB`,
  )
  await sleep(50)
}
await world.stop()
await sleep(500)

const half = Math.floor(heap.length / 2)
const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0
const grownMb = median(heap.slice(half)) - median(heap.slice(Math.min(2, half), half))
// Two minutes are too short for a trend: caches of the runtime are still filling.
if (minutes >= 5 && grownMb > 5) failures.push(`the heap grew by ${grownMb.toFixed(1)} MB`)
for (const place of timers.live()) failures.push(`a timer is left: ${place}`)
if (process.getActiveResourcesInfo().includes('TCPSocketWrap')) failures.push('a connection is left')

for (const failure of failures.slice(0, 20)) console.log(`✗ ${failure}`)
console.log(`${round} rounds, heap grew by ${grownMb.toFixed(1)} MB, ${failures.length} failures`)
process.exit(failures.length === 0 ? 0 : 1)
