import { open, stat } from 'node:fs/promises'
import { runTraffic } from './child.ts'
import type { LimitedClient, Progress, ReplayMessage, ReplayReport } from './messages.ts'
import { DemoError } from './options.ts'
import { inWords, policyNames } from './policies.ts'
import { verdict } from './summary.ts'
import type { Terminal } from './terminal.ts'
import { fit } from './terminal.ts'

/** The size of a file that can be replayed. */
export async function logSize(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new DemoError(`There is no file ${path}.`)
  if (found.isDirectory()) throw new DemoError(`${path} is a folder, not a log.`)
  // A pipe would lose what is read here.
  if (found.isFile() && (await beginsCompressed(path)))
    throw new DemoError(`${path} looks compressed: gunzip it first.`)
  return found.size
}

/** Whether a file begins as gzip does. */
async function beginsCompressed(path: string): Promise<boolean> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new DemoError(`${path} cannot be read: ${error.code}.`)
  })
  try {
    const { buffer } = await file.read({ buffer: Buffer.alloc(2) })
    return buffer.readUInt16BE() === 0x1f8b
  } finally {
    await file.close()
  }
}

/** Replays a log and tells who would have been limited; whether all was right, `undefined` when stopped. */
export async function replaying(
  path: string,
  url: string,
  terminal: Terminal,
  write: (text: string) => void,
  stop: AbortSignal,
): Promise<boolean | undefined> {
  const size = await logSize(path)
  const start = performance.now()
  const failures: string[] = []
  let report: ReplayReport | undefined
  let latest: Progress | undefined
  const show = (): void => {
    if (latest === undefined || latest.requests === 0) return
    const line = progressLine(latest, size)
    write(terminal.live ? `\r${fit([line], terminal.size().columns - 1, false)}\u001B[K` : `${line}\n`)
  }
  write(`Replaying ${path} against ${url}, in the time of the log\n`)
  for (const name of policyNames) write(`${name.padEnd(7)}${inWords[name]}\n`)
  write('\n')
  const timer = setInterval(show, terminal.live ? 100 : 1000)
  const onMessage = (message: ReplayMessage): void => {
    if ('progress' in message) latest = message.progress
    else if ('report' in message) report = message.report
    else failures.push(`The replay broke off: ${message.failed}.`)
  }
  try {
    if (!(await runTraffic('./replay.ts', [url, path], onMessage, stop))) return undefined
  } finally {
    clearInterval(timer)
    if (terminal.live) write('\r\u001B[K')
  }
  const faults = [...failures, ...(report?.faults ?? [])]
  if (report === undefined || report.requests === 0) faults.push('There was no request to replay.')
  const lines = report === undefined ? [] : reportLines(report, performance.now() - start)
  const right = 'Every answer is what the policies promise for the times of the log.'
  write(`${[...lines, '', ...verdict(faults, right)].join('\n')}\n`)
  return faults.length === 0
}

function progressLine({ bytes, requests, refused, logTime }: Progress, size: number): string {
  const part = size > 0 ? `${Math.floor((Math.min(bytes, size) / size) * 100)} %, ` : ''
  return `${part}${grouped(requests)} requests, ${grouped(refused)} refused, log time ${logTime}`
}

function reportLines(report: ReplayReport, tookMs: number): string[] {
  const { requests, clients, from, to, spanMs, skipped, late, limitedClients, top, refused } = report
  const leftOut = skipped.map(
    ({ why, lines, first }) => `${counted(lines, 'line')} left out: ${why} (first: line ${first})`,
  )
  if (requests === 0) return ['0 requests', ...leftOut]
  const lines = [
    `${counted(requests, 'request')} of ${counted(clients, 'client')} from ${from} to ${to}`,
    `${duration(spanMs)} of log in ${duration(tookMs)}`,
    ...leftOut,
  ]
  if (late > 0)
    lines.push(`${counted(late, 'line')} older than one before; for their clients time stood still`)
  lines.push('')
  if (limitedClients === 0) return [...lines, 'Nobody would have been limited.']
  const share = ((refused / requests) * 100).toFixed(1)
  lines.push(
    `${counted(limitedClients, 'client')} would have been limited, ${counted(refused, 'request')} refused (${share} %):`,
    '',
    ...table(top),
  )
  if (limitedClients > top.length) lines.push(`and ${counted(limitedClients - top.length, 'client')} more`)
  return lines
}

function table(top: readonly LimitedClient[]): string[] {
  const rows = [
    ['client', 'requests', 'refused', 'by burst', 'by quota', 'first (log time)', 'last (log time)'],
    ...top.map(({ client, requests, refused: { burst, quota }, first, last }) => [
      client,
      ...[requests, burst + quota, burst, quota].map(grouped),
      first,
      last,
    ]),
  ]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const isFigure = (column: number): boolean => column >= 1 && column <= 4
  return rows.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] ?? 0
        return isFigure(column) ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}

const grouped = (number: number): string => number.toLocaleString('en')
const counted = (number: number, noun: string): string =>
  `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`

function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}
