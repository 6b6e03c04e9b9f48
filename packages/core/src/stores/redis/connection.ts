import { StoreError } from '../../store-error.ts'
import { withDeadline } from '../deadline.ts'
import { failureOf } from './outage.ts'
import type { RedisPort } from './port.ts'
import type { Script } from './script.ts'

/** How often a client that was never ready is looked at, in milliseconds. */
const LOOK_MS = 5

/** Runs scripts at a server: in time, or not at all. */
export interface Connection {
  /**
   * Runs a script by its name, and sends its text only to a server that does not know it.
   * @param endMs until when, by `performance.now()`; default: the whole timeout from now on
   * @throws StoreError where the server could not be asked, in time; else the server's own error
   */
  run(script: Script, keys: string[], args: string[], endMs?: number): Promise<unknown>
  /** By `performance.now()`, when what begins now has to be done. */
  deadline(): number
  /** Rejects while the server could not do what failed last. */
  probe(script: Script, keyLike: (key: string | undefined) => string): Promise<void>
}

/**
 * Guards a client's port. Nothing is sent while the client says that it is not ready, since it would keep it and charge
 * when it is: such calls fail at once, but for those before it was ever ready, which wait for it as long as they may.
 */
export function connect(port: RedisPort, timeoutMs: number): Connection {
  const sent = new WeakSet<Script>()
  let wasReady = false
  /** Of several servers, the one that has this key is away. */
  let failedKey: string | undefined

  const isReady = (): boolean => {
    if (port.isReady?.() === false) return false
    wasReady = true
    return true
  }

  async function untilReady(endMs: number): Promise<void> {
    while (!isReady()) {
      if (wasReady || performance.now() >= endMs) throw new StoreError('not-ready', 'Redis is not connected')
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** Sends something, unless the moment for it is over. */
  function send(command: 'eval' | 'evalsha', script: string, rest: Rest, endMs: number): Promise<unknown> {
    if (!isReady()) throw new StoreError('not-ready', 'Redis is not connected')
    // Somebody else has answered by now.
    if (performance.now() >= endMs) throw new StoreError('timeout', 'Redis did not answer in time')
    return port[command](script, ...rest)
  }

  async function evaluate(script: Script, rest: Rest, endMs: number): Promise<unknown> {
    // The first call brings the script, so that those behind it on the same connection find it, and none overtakes another.
    if (!sent.has(script)) {
      sent.add(script)
      return send('eval', script.text, rest, endMs)
    }
    const sha = await script.sha
    try {
      return await send('evalsha', sha, rest, endMs)
    } catch (error) {
      // Restarts, failovers and SCRIPT FLUSH forget scripts, each server by itself.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return await send('eval', script.text, rest, endMs)
    }
  }

  async function run(script: Script, keys: string[], args: string[], endMs: number): Promise<unknown> {
    if (!isReady()) await untilReady(endMs)
    const leftMs = Math.max(1, Math.ceil(endMs - performance.now()))
    try {
      return await withDeadline(evaluate(script, [keys, args], endMs), leftMs, 'Redis')
    } catch (error) {
      failedKey = keys[0] ?? failedKey
      throw error instanceof StoreError ? error : failureOf(error, port.masters !== undefined)
    }
  }

  const deadline = (): number => performance.now() + timeoutMs
  return {
    deadline,
    run: (script, keys, args, endMs = deadline()) => run(script, keys, args, endMs),
    async probe(script, keyLike) {
      await run(script, [keyLike(failedKey)], [], deadline())
    },
  }
}

type Rest = [keys: string[], args: string[]]
