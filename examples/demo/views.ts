import { clients } from './clients.ts'
import type { Seen } from './messages.ts'
import { picture } from './picture.ts'
import { fullOf, inWords, policyNames } from './policies.ts'
import type { Terminal } from './terminal.ts'

/** Shows what happens while it happens. */
export interface View {
  /** Ends the view; what it showed last stays to be read. */
  end(): void
}

interface Scene {
  readonly url: string
  readonly seen: readonly Seen[]
  readonly elapsedMs: () => number
}

type Write = (text: string) => void

const frameMs = 100

/** Draws on the terminal's second screen, where a change of size leaves no rubbish behind. */
export function pictureView(scene: Scene, terminal: Terminal, write: Write): View {
  const frame = (size: { columns: number; rows: number }): string[] => {
    const { url, seen, elapsedMs } = scene
    return picture({ url, seen, elapsedMs: elapsedMs(), ...size, colour: terminal.colour })
  }
  const draw = (): void => write(`\u001B[H${frame(terminal.size()).join('\u001B[K\n')}\u001B[K\u001B[J`)
  const leave = (): void => write('\u001B[?25h\u001B[?1049l')
  write('\u001B[?1049h\u001B[?25l')
  draw()
  const timer = setInterval(draw, frameMs)
  process.stdout.on('resize', draw)
  // Whatever ends the process, the user gets the screen and the cursor back.
  process.once('exit', leave)
  return {
    end() {
      clearInterval(timer)
      process.stdout.off('resize', draw)
      process.off('exit', leave)
      leave()
      // On the first screen lines scroll, so all of them are shown.
      write(`${frame({ ...terminal.size(), rows: Infinity }).join('\n')}\n`)
    },
  }
}

/** A line each second. */
export function linesView(scene: Scene, write: Write): View {
  const columns = clients.map(({ name }) => name.padEnd(17))
  const row = (): string => {
    const cells = clients.map(({ name }) => cell(scene.seen.filter(({ client }) => client === name)))
    return `${(scene.elapsedMs() / 1000).toFixed(0).padStart(3)} s  ${cells.join('')}`.trimEnd()
  }
  write(`Sluice on Express: ${scene.url}\n`)
  for (const name of policyNames) write(`${name.padEnd(7)}${inWords[name]}\n`)
  for (const { name, manner } of clients) write(`${name.padEnd(7)}${manner}\n`)
  write('\nAllowed and refused until then, and what is left of burst and quota:\n\n')
  write(`       ${columns.join('').trimEnd()}\n`)
  write(
    `       ${clients
      .map(() => 'ok  no burst quo ')
      .join('')
      .trimEnd()}\n`,
  )
  const timer = setInterval(() => write(`${row()}\n`), 1000)
  return { end: () => clearInterval(timer) }
}

function cell(own: readonly Seen[]): string {
  const allowed = own.filter((answer) => answer.allowed).length
  const left = own.at(-1)?.remaining ?? fullOf
  const figures = [allowed, own.length - allowed, left.burst, left.quota]
  return `${figures.map((figure) => String(figure).padStart(2)).join('  ')}   `
}
