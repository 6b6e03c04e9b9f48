/** Checks of what callers pass in. Every message gives the option, its range and the value. */

/** A duration: milliseconds, or text such as `'250ms'`, `'10s'`, `'1m'`, `'2h'`, `'7d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Ten years of 366 days: the longest window that every store can keep. */
const LONGEST_MS = 3660 * 86_400_000

/** A value as an error message shows it: short, and unmistakable for another type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/**
 * The value, if it is a whole number within the range.
 * @throws TypeError when it is no number, RangeError when it is NaN, fractional or out of range
 */
export function wholeNumber(
  option: string,
  value: unknown,
  min: number = 0,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const whole = Number.isSafeInteger(value)
  if (whole && (value as number) >= min && (value as number) <= max) return (value as number) + 0
  const ErrorType = typeof value === 'number' ? RangeError : TypeError
  throw new ErrorType(`${option} must be a whole number from ${min} to ${max}, got ${shown(value)}`)
}

/**
 * A duration in milliseconds, from 1 ms to 10 years.
 * @throws TypeError when it is neither number nor text, RangeError when it is out of range or badly written
 */
export function durationMs(option: string, value: unknown): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  const ms = match ? Math.round(Number(match[1]) * UNITS[match[2] as string]! * 1e6) / 1e6 : value
  if (Number.isSafeInteger(ms) && (ms as number) >= 1 && (ms as number) <= LONGEST_MS) return ms as number
  const ErrorType = typeof value === 'number' || typeof value === 'string' ? RangeError : TypeError
  throw new ErrorType(
    `${option} must be a duration of whole milliseconds from 1 ms to 10 years, ` +
      `such as 60000 or '1m', got ${shown(value)}`,
  )
}

/**
 * The value, or the default where it is `undefined`.
 * @throws TypeError when it is neither `true` nor `false`
 */
export function flag(option: string, value: unknown, byDefault: boolean): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? byDefault
  throw new TypeError(`${option} must be true or false, got ${shown(value)}`)
}

/**
 * One of a list of words.
 * @throws TypeError that lists them
 */
export function oneOf<T extends string>(option: string, value: unknown, words: readonly T[]): T {
  if (words.includes(value as T)) return value as T
  throw new TypeError(`${option} must be one of ${words.map(shown).join(', ')}, got ${shown(value)}`)
}

/** What other libraries call an option, and what to write instead. */
const FOREIGN: Record<string, string> = {
  windowMs: "`windowMs` is express-rate-limit's name; write `window: 60000`",
  max: "`max` is express-rate-limit's and koa-ratelimit's name; write `limit`",
  keyGenerator: "`keyGenerator` is express-rate-limit's name; write `key`",
  handler: "`handler` is express-rate-limit's name; write `respond`",
  statusCode: "`statusCode` is express-rate-limit's name; write `status`",
  standardHeaders: "`standardHeaders` is express-rate-limit's name; write `headers`",
  legacyHeaders: "`legacyHeaders` is express-rate-limit's name; write `headers: ['legacy']`",
  requestPropertyName: "`requestPropertyName` is express-rate-limit's name; write `property`",
  skipFailedRequests: "`skipFailedRequests` is express-rate-limit's name; write `refundWhen: 'failed'`",
  skipSuccessfulRequests:
    "`skipSuccessfulRequests` is express-rate-limit's name; write `refundWhen: 'successful'`",
  points: "`points` is rate-limiter-flexible's name; write `limit`",
  duration: "`duration` is koa-ratelimit's and rate-limiter-flexible's name; write `window`",
  keyPrefix: "`keyPrefix` is rate-limiter-flexible's name; give the policy a `name` or the store a `prefix`",
  storeClient: "`storeClient` is rate-limiter-flexible's name; write `store`",
  db: "`db` is koa-ratelimit's name; write `store`",
  tokensPerInterval: "`tokensPerInterval` is limiter's name; write `refill` and `per`",
  interval: "`interval` is limiter's name; write `per`",
}

/**
 * Refuses options that nobody reads.
 * @throws TypeError with a hint: what another library's option is called here, or the nearest known name
 */
export function knownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner} takes an object of options, got ${shown(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = known.find((candidate) => isNear(name, candidate))
    const foreign = Object.hasOwn(FOREIGN, name) ? FOREIGN[name] : undefined
    const hint = foreign ?? (near ? `did you mean \`${near}\`?` : `known options: ${known.join(', ')}`)
    throw new TypeError(`${owner} has no option ${shown(name)}: ${hint}`)
  }
}

/** Whether two names differ by case, by one letter added, dropped or changed, or by two letters swapped. */
function isNear(typed: string, known: string): boolean {
  const a = typed.toLowerCase()
  const b = known.toLowerCase()
  let head = 0
  while (head < a.length && a[head] === b[head]) head++
  const [restA, restB] = [a.slice(head), b.slice(head)]
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  )
}
