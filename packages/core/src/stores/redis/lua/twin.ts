/**
 * An algorithm in Lua 5.1, for servers that decide by themselves: the line-by-line mirror of the TypeScript one, so
 * that both can be read side by side, with the same doubles in the same order, so that they agree bit for bit.
 */
export interface Twin {
  /** The names of the numbers of `Algorithm.args`, in their order. */
  readonly params: readonly string[]
  /**
   * Defines a local table, named like the kind, of these functions; `p` holds the parameters by name, and states have
   * the fields that they have in TypeScript:
   *
   * - `decode(n, now, p)`: the state of the numbers of a text; of a text that no state encodes to, a fresh one;
   * - `fresh(now, p)`, `encode(s)`, `adopt(s, now, p)`, `charge(s, now, cost, p)`, `refund(s, now, cost, at)` and
   *   `ttl(s, now)`, as in `Algorithm`; `math.huge` where it lasts for ever;
   * - `look(s, now, cost, p)`: `allowed, remaining, retryAfterMs, resetMs`, with -1 for a time without end; and behind
   *   them the quota as it is now, where it moves;
   * - `covers(now, p)`, where parameters hold for a while only: whether they do at `now`. Nothing else may be asked
   *   when they do not.
   */
  readonly lua: string
}
