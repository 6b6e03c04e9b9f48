/** Searches: the oracle finds the answers of the laws by trying, never by solving for them. */

/** Far beyond any wait that integers below 2^53 can ask for. */
const NEVER = 2 ** 60

/** How many milliseconds from `now` until `test` first holds, given that it then holds for good. */
export function firstMs(now: number, test: (t: number) => boolean): number {
  if (test(now)) return 0
  let no = 0
  let yes = 1
  while (!test(now + yes)) {
    if (yes > NEVER) throw new Error('the oracle waits for something that never comes')
    no = yes
    yes *= 2
  }
  while (yes - no > 1) {
    const mid = no + Math.floor((yes - no) / 2)
    if (test(now + mid)) yes = mid
    else no = mid
  }
  return yes
}

/** The largest count up to `limit` that fits, given that whatever is smaller fits too and 0 always does. */
export function most(limit: bigint, fits: (cost: bigint) => boolean): bigint {
  let yes = 0n
  let no = 1n
  while (no <= limit && fits(no)) {
    yes = no
    no *= 2n
  }
  if (no > limit) no = limit + 1n
  while (no - yes > 1n) {
    const mid = (yes + no) / 2n
    if (fits(mid)) yes = mid
    else no = mid
  }
  return yes
}
