/** An app of two processes, each with two memory stores: tells what each of them was warned of. */

import cluster from 'node:cluster'
import { memoryStore } from '../stores/memory.ts'

const warnings: string[] = []
console.warn = (text: string): void => void warnings.push(text.replace('[sluice] ', ''))
memoryStore()
memoryStore()
if (cluster.isPrimary) cluster.fork()
else setImmediate(() => process.exit())
console.log(`${cluster.isPrimary ? 'primary' : 'worker'}: ${warnings.join('; ')}`)
