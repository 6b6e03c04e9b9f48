const codes = { bold: '1', dim: '2', green: '32', red: '31', yellow: '33' }

export type Style = keyof typeof codes
export type Segment = string | readonly [text: string, style: Style]

/** What may be written to the user's terminal. */
export interface Terminal {
  /** Whether a picture can be redrawn in place. */
  readonly live: boolean
  readonly colour: boolean
  size(): { readonly columns: number; readonly rows: number }
}

export function terminalOf(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Terminal {
  const live = stream.isTTY && env.TERM !== 'dumb'
  return {
    live,
    // https://no-color.org: set and not empty.
    colour: live && !env.NO_COLOR,
    // A terminal that tells no size says 0.
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  }
}

/** A line that fits: a line that wraps would break a picture drawn over itself. */
export function fit(segments: readonly Segment[], columns: number, colour: boolean): string {
  let left = columns
  let line = ''
  for (const segment of segments) {
    const [text, style] = typeof segment === 'string' ? [segment, undefined] : segment
    const shown = text.slice(0, left)
    left -= shown.length
    line +=
      style === undefined || !colour || shown === '' ? shown : `\u001B[${codes[style]}m${shown}\u001B[0m`
  }
  return line
}
