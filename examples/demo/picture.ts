import { clients, durationMs } from './clients.ts'
import type { Seen } from './messages.ts'
import { fullOf, inWords, policyNames, type PolicyName } from './policies.ts'
import { fit, type Segment, type Style } from './terminal.ts'

interface Frame {
  readonly url: string
  readonly seen: readonly Seen[]
  readonly elapsedMs: number
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
}

/** One sign for each way that a stretch of time can have gone; letters, so that they speak without colour too. */
const marks: Record<'allowed' | PolicyName, readonly [sign: string, style: Style]> = {
  allowed: ['█', 'green'],
  burst: ['b', 'red'],
  quota: ['q', 'yellow'],
}

/** The lines of the picture, none longer and no more than fit. */
export function picture(frame: Frame): string[] {
  const { url, elapsedMs, columns, rows, colour } = frame
  const roomy = rows >= 8 + clients.length * 4
  const lines: Segment[][] = [
    [['Sluice on Express', 'bold'], `  ${url}  ${seconds(elapsedMs)} of ${seconds(durationMs)}`],
    [],
    ...policyNames.map((name): Segment[] => [[name.padEnd(7), 'bold'], inWords[name]]),
    [
      marks.allowed,
      ' allowed  ',
      marks.burst,
      ' refused by burst  ',
      marks.quota,
      ' by quota  ',
      'B Q some allowed',
    ],
    ...clients.flatMap(({ name, manner }) => [
      ...(roomy ? [[]] : []),
      ...clientLines(name, roomy ? manner : undefined, frame),
    ]),
    axis(columns),
  ]
  return lines.slice(0, rows).map((line) => fit(line, columns, colour))
}

function clientLines(
  name: string,
  manner: string | undefined,
  { seen, elapsedMs, columns }: Frame,
): Segment[][] {
  const own = seen.filter(({ client }) => client === name)
  const allowed = own.filter((answer) => answer.allowed).length
  const refused = own.length - allowed
  const gaugeWidth = columns < 79 ? 0 : 10 // 79 is all of the line
  const latest = own.reduce<Seen | undefined>((a, b) => (a && a.answeredAt > b.answeredAt ? a : b), undefined)
  return [
    ...(manner === undefined ? [] : [[[name, 'bold'], `  ${manner}`] as Segment[]]),
    [
      manner === undefined ? [name.padEnd(8), 'bold'] : '  ',
      `${count(allowed)} allowed `,
      [`${count(refused)} refused`, refused > 0 ? 'red' : 'dim'],
      ...policyNames.flatMap((policy) =>
        gauge(policy, latest?.remaining[policy] ?? fullOf[policy], gaugeWidth),
      ),
    ],
    timeline(own, elapsedMs, columns),
  ]
}

function gauge(policy: PolicyName, left: number, width: number): Segment[] {
  const full = fullOf[policy]
  const filled = Math.ceil((left / full) * width)
  const style: Style = left === 0 ? 'red' : left <= full / 4 ? 'yellow' : 'green'
  return [
    `   ${policy} `,
    ['█'.repeat(filled), style],
    ['░'.repeat(width - filled), 'dim'],
    ` ${String(left).padStart(2)} left`,
  ]
}

/** A sign for each stretch of time; where several things happened in one, a refusal shows, and so does the quota. */
function timeline(own: readonly Seen[], elapsedMs: number, columns: number): Segment[] {
  const width = timelineWidth(columns)
  const cellOf = (ms: number): number => Math.min(width - 1, Math.floor((ms / durationMs) * width))
  const cells = Array.from({ length: cellOf(elapsedMs) + 1 }, (): Segment => ['·', 'dim'])
  const passed = new Set(own.filter(({ allowed }) => allowed).map(({ answeredAt }) => cellOf(answeredAt)))
  for (const cell of passed) cells[cell] = marks.allowed
  for (const policy of policyNames) {
    for (const { refusedBy, answeredAt } of own) {
      const cell = cellOf(answeredAt)
      const [sign, style] = marks[policy]
      if (refusedBy.includes(policy)) cells[cell] = [passed.has(cell) ? sign.toUpperCase() : sign, style]
    }
  }
  return ['  ', ...cells]
}

function axis(columns: number): Segment[] {
  const width = timelineWidth(columns)
  let text = '  '
  for (let ms = 0; ms < durationMs; ms += 1000) {
    text = text.padEnd(2 + Math.floor((ms / durationMs) * width)) + `${ms / 1000} s`
  }
  return [[text, 'dim']]
}

const timelineWidth = (columns: number): number => Math.max(20, Math.min(columns - 4, 110))
const seconds = (ms: number): string => `${(Math.min(ms, durationMs) / 1000).toFixed(1)} s`
const count = (number: number): string => String(number).padStart(3)
