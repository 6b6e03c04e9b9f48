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
   * @throws StoreError where the server could not be asked, in time; else the server's own error
   */
  run(script: Script, keys: string[], args: string[]): Promise<unknown>
}

/**
 * Guards a client's port. Nothing is sent while the client says that it is not ready, since it would keep it and charge
 * when it is: such calls fail at once, but for those before it was ever ready, which wait for it as long as they may.
 */
export function connect(port: RedisPort, timeoutMs: number): Connection {
  let wasReady = false

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

  const sent = new WeakSet<Script>()

  async function evaluate(script: Script, keys: string[], args: string[], endMs: number): Promise<unknown> {
    // The first call brings the script, so that those behind it on the same connection find it, and none overtakes another.
    if (!sent.has(script)) {
      sent.add(script)
      return port.eval(script.text, keys, args)
    }
    const sha = await script.sha
    // It may have gone in the meantime.
    if (!isReady()) throw new StoreError('not-ready', 'Redis is not connected')
    try {
      return await port.evalsha(sha, keys, args)
    } catch (error) {
      // Restarts, failovers and SCRIPT FLUSH forget scripts, each server by itself.
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      // Somebody else has answered by now.
      if (performance.now() >= endMs) throw error
      return await port.eval(script.text, keys, args)
    }
  }

  return {
    async run(script, keys, args) {
      const endMs = performance.now() + timeoutMs
      if (!isReady()) await untilReady(endMs)
      const leftMs = Math.max(1, Math.ceil(endMs - performance.now()))
      try {
        return await withDeadline(evaluate(script, keys, args, endMs), leftMs, 'Redis')
      } catch (error) {
        throw error instanceof StoreError ? error : failureOf(error)
      }
    },
  }
}
