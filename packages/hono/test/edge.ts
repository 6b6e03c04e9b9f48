import { httpCases } from '@sluice/core/http'
import { openByRequest } from './request.ts'

/** What a case came to: `error` is what went wrong. */
export interface Ran {
  readonly name: string
  readonly error?: string
}

/** Runs all HTTP cases where it is bundled into: a runtime with nothing but the web's globals. */
export async function runCases(): Promise<Ran[]> {
  const ran: Ran[] = []
  for (const { name, run } of httpCases) {
    try {
      await run(openByRequest)
      ran.push({ name })
    } catch (error) {
      ran.push({ name, error: String(error) })
    }
  }
  return ran
}

/** A worker that answers every request with what the cases came to. */
const worker = { fetch: async (): Promise<Response> => Response.json(await runCases()) }
// oxlint-disable-next-line import/no-default-export -- what workerd calls
export default worker
