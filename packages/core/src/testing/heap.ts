import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** How many bytes more are in use after `run` than before it, garbage aside. */
export function heapGrowth(run: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  run()
  collect()
  return process.memoryUsage().heapUsed - before
}

/** How many bytes are in use now, garbage aside. */
export function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}
