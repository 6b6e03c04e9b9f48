/** What windows promise to admit at most, from one instant to another `ms` later, both included. */

/** `limit` in any `window`: as often as windows that touch need at least to cover the span. */
export const perWindow = (limit: number, window: number, ms: number): bigint =>
  BigInt(limit) * BigInt(Math.floor(ms / window) + 1)

/** Windows with edges: what stood before the first edge comes on top. */
export const acrossEdges = (limit: number, window: number, ms: number): bigint =>
  BigInt(limit) + perWindow(limit, window, ms)
