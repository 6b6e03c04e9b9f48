/**
 * All that `redisStore` asks of a client. ioredis and node-redis are found by what they can do and need nothing; another
 * client, such as one that speaks HTTP from the edge, is plugged in by an object with these functions.
 */
export interface RedisPort {
  /** `EVALSHA sha keys.length ...keys ...args`; rejects with the server's error, whose message starts with its code. */
  evalsha(sha: string, keys: string[], args: string[]): Promise<unknown>
  /** `EVAL script keys.length ...keys ...args`. */
  eval(script: string, keys: string[], args: string[]): Promise<unknown>
  /** Whether it is connected; while it says `false`, nothing is sent. Default: always. */
  isReady?(): boolean
  /** For Redis Cluster: a port to each master. With it, charges are grouped by hash slot. */
  masters?(): Promise<readonly RedisPort[]>
}
