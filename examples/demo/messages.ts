import type { PolicyName } from './policies.ts'
import type { Standing } from './read-answer.ts'

/** One request as its client saw it. Times in milliseconds since the traffic began. */
export interface Seen extends Standing {
  readonly client: string
  readonly sentAt: number
  readonly answeredAt: number
  /** The client had waited as an earlier refusal told it to. */
  readonly waited: boolean
}

/** How far a replay has come. */
export interface Progress {
  readonly bytes: number
  readonly requests: number
  /** The time of the latest line, as the log writes it. */
  readonly logTime: string
  readonly refused: number
}

/** A client that would have been limited. */
export interface LimitedClient {
  readonly client: string
  readonly requests: number
  readonly refused: Record<PolicyName, number>
  /** In the words of the log. */
  readonly first: string
  readonly last: string
}

export interface ReplayReport {
  readonly requests: number
  readonly refused: number
  readonly clients: number
  readonly limitedClients: number
  /** Those that were refused most. */
  readonly top: readonly LimitedClient[]
  readonly from: string
  readonly to: string
  readonly spanMs: number
  /** Lines that were left out: why, how many, and the first of them. */
  readonly skipped: readonly { readonly why: string; readonly lines: number; readonly first: number }[]
  /** Lines older than one before them. */
  readonly late: number
  readonly faults: readonly string[]
}

export type LiveMessage = { readonly seen: Seen } | { readonly failed: string }

export type ReplayMessage =
  | { readonly progress: Progress }
  | { readonly report: ReplayReport }
  | { readonly failed: string }

/** What each traffic process tells the demo. */
export interface Messages {
  './traffic.ts': LiveMessage
  './replay.ts': ReplayMessage
}
