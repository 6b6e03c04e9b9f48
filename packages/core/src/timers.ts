/** The longest that a timer can be set to, in milliseconds: one above it fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1
