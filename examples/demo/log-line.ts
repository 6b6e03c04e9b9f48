import { METHODS } from 'node:http'
import { isIP } from 'node:net'

/** A request as a log tells of it. */
export interface LogRequest {
  readonly address: string
  readonly atMs: number
  /** The time in the words of the log, without its zone. */
  readonly logTime: string
  readonly method: string
  readonly path: string
}

/** Why a line is left out. */
export type Unreadable = 'not Combined Log Format' | 'does not begin with an IP address' | 'no HTTP request'

// host identity user [time] "request" status bytes, then "referer" "user agent", which nobody needs here: so the
// Common Log Format is taken too.
const form =
  /^(\S+) \S+ .*?\[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})\] "((?:[^"\\]|\\.)*)" (?:\d{3}|-) (?:\d+|-)(?: |$)/

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** CONNECT makes a tunnel of the connection instead of giving an answer. */
const methods = new Set(METHODS.filter((method) => method !== 'CONNECT'))

const longestPath = 2000

/** Reads a line of a log, or tells why it cannot be replayed. */
export function parseLogLine(text: string): LogRequest | Unreadable {
  const match = form.exec(text)
  if (match === null) return 'not Combined Log Format'
  const [, address = '', day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] = match
  const local = Date.UTC(
    Number(year),
    months.indexOf(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  )
  const zoneMs = Number(`${sign}1`) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000
  const atMs = local - zoneMs
  // The 31st of February is another day by the time it comes back.
  const isDate =
    months[new Date(local).getUTCMonth()] === month && new Date(local).getUTCDate() === Number(day)
  if (!isDate || !(atMs >= 0)) return 'not Combined Log Format'
  if (isIP(address) === 0) return 'does not begin with an IP address'
  const [method = '', target = ''] = (match[11] ?? '').split(' ')
  if (!methods.has(method) || target === '') return 'no HTTP request'
  const logTime = `${day}/${month}/${year}:${hour}:${minute}:${second}`
  return { address, atMs, logTime, method, path: pathOf(target) }
}

/** Something that an HTTP client agrees to send. Limits are per client here, so a route may differ in a letter. */
function pathOf(target: string): string {
  // `*` of OPTIONS, and whole URLs that somebody asked of us as if of a proxy.
  if (!target.startsWith('/')) return '/'
  const plain = target.replace(/\\(["\\])/g, '$1').slice(0, longestPath)
  return plain.replace(/[^!-~]/g, (character) => encodeURIComponent(character))
}
