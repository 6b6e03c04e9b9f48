/** Checks of what callers pass in. Every message gives the option, its range and the value. */

/** A duration: milliseconds, or text such as `'250ms'`, `'1.5s'`, `'1m'`, `'2h'`, `'7d'`: whole milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Ten years of 366 days: the longest window that every store can keep. */
export const LONGEST_MS: number = 3660 * 86_400_000

/** A value as an error message shows it: short, and unmistakable for another type. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60).replace(/\p{C}/gu, '?')}'`
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null
    ? `an ${Array.isArray(value) ? 'array' : 'object'}`
    : String(value)
}

/**
 * Refuses an option's value, and says what it must be. A value of the right type is out of range.
 * @throws RangeError where the value is of a type that is `right`, else TypeError
 */
export function refuse(option: string, must: string, value: unknown, ...right: string[]): never {
  const message = `${option} must be ${must}, got ${shown(value)}`
  throw right.includes(typeof value) ? new RangeError(message) : new TypeError(message)
}

/** Whether it is a whole number within the range; by default one that every step is exact with. */
export const isWhole = (value: unknown, min: number = 0, max: number = Infinity): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max

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
  if (isWhole(value, min, max)) return value + 0
  return refuse(option, `a whole number from ${min} to ${max}`, value, 'number')
}

/**
 * A duration in milliseconds, from 1 ms (or `min`) to 10 years.
 * @throws TypeError when it is neither number nor text, RangeError when it is out of range or badly written
 */
export function durationMs(option: string, value: unknown, min: number = 1): number {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value) : null
  const ms = match ? Number((Number(match[1]) * UNITS[match[2] as string]!).toFixed(6)) : value
  if (isWhole(ms, min, LONGEST_MS)) return ms
  return refuse(option, `from ${min} ms to 10 years, such as 60000 or '1m'`, value, 'number', 'string')
}

/**
 * The value, if it is one of a list.
 * @throws TypeError that lists them
 */
export const oneOf = <T extends string | boolean>(option: string, value: unknown, words: readonly T[]): T =>
  words.includes(value as T) ? (value as T) : refuse(option, `one of ${words.map(shown).join(', ')}`, value)

/**
 * The value, if it is a function or not there.
 * @throws TypeError
 */
export const functionOf = <T>(option: string, value: T): T =>
  value === undefined || typeof value === 'function' ? value : refuse(option, 'a function', value)

/** What to write instead of names that other libraries have, and whose they are where they are one library's alone. */
const THEIR_NAMES: readonly (readonly [write: string, names: string, library?: string])[] = [
  ['window: 60000', 'windowMs', 'express-rate-limit'],
  ['limit', 'points', 'rate-limiter-flexible'],
  ['store', 'db', 'koa-ratelimit'],
  ['limit', 'max'],
  ['store', 'driver storeClient'],
  ['key', 'keyGenerator id'],
  ['respond', 'handler onLimited throw'],
  ['status', 'statusCode'],
  ['message', 'errorMessage'],
  ['headers', 'legacyHeaders standardHeaders'],
  ['headers: false', 'disableHeader'],
  ['name', 'identifier'],
  ['retryAfterSpread', 'retryAfter'],
  ['property', 'requestPropertyName'],
  ["refundWhen: 'failed'", 'skipFailedRequests'],
  ["refundWhen: 'successful'", 'skipSuccessfulRequests'],
  ['refundWhen', 'requestWasSuccessful'],
  ['skip', 'whitelist whiteList'],
  ['deny', 'blacklist blackList'],
  ['delay', 'delayAfter delayMs maxDelayMs execEvenly'],
  ['on', 'logger'],
  ['onStoreError', 'insuranceLimiter'],
  ["onStoreError: 'allow'", 'passOnStoreError'],
  ['byIp({ ipv6Prefix })', 'ipv6Subnet'],
  ['redisStore(client, { prefix })', 'namespace keyPrefix'],
  ['redisStore(client, { denyCache })', 'inMemoryBlockOnConsumed'],
]

/** What to write instead of an option that is another library's. */
function theirs(name: string): string | undefined {
  if (name === 'duration')
    return "`duration` is seconds in rate-limiter-flexible and milliseconds in koa-ratelimit; write `window: '60s'`"
  const known = THEIR_NAMES.find(([, names]) => names.split(' ').includes(name))
  return known && `\`${name}\` is ${known[2] ?? 'another library'}'s name; write \`${known[0]}\``
}

/**
 * Refuses options that nobody reads.
 * @throws TypeError with a hint: what another library's option is called here, or the nearest known name
 */
export function knownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (Object(options) !== options) refuse(`what ${owner} takes`, 'an object', options)
  const unknown = Object.keys(options as object).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const near = known.find((name) => name.startsWith(unknown.slice(0, 3)))
  const hint = theirs(unknown) ?? (near && `did you mean \`${near}\`?`)
  throw new TypeError(`${owner} has no option ${shown(unknown)}: ${hint ?? known.join(', ')}`)
}

/**
 * Refuses options that say the same thing twice.
 * @throws TypeError when `option` is there and one of `others` too
 */
export function excludes(options: object, option: string, others: readonly string[]): void {
  const given = options as Record<string, unknown>
  const other = given[option] === undefined ? undefined : others.find((name) => given[name] !== undefined)
  if (other !== undefined) throw new TypeError(`${option} and ${other} exclude each other`)
}
