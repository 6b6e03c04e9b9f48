import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** Something the user can put right: shown as one sentence, without a stack. */
export class DemoError extends Error {}

export interface DemoOptions {
  readonly help: boolean
  readonly once: boolean
  readonly log: string | undefined
  readonly port: number
}

export const usage = `Usage: npm run demo [-- options]

  (no option)    sends the traffic of four clients for 11 seconds, and shows who is limited and when
  --log <file>   sends the requests of an access log in Combined Log Format instead
  --once         ends by itself: exit code 0 when every answer was right, else 1
  --help         shows this

Ctrl-C, SIGTERM and SIGHUP end it with exit code 0; with --once a stop proves nothing: exit code 1.

PORT=<number> sets the port: default 3000, with --once any that is free.`

export function parseOptions(args: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const { help, once, log } = parsed(args)
  return {
    help,
    once,
    // npm runs scripts in the root of the repository, wherever the user typed the command.
    log: log === undefined ? undefined : resolve(env.INIT_CWD ?? '', log),
    port: portOf(env.PORT) ?? (once ? 0 : 3000),
  }
}

function parsed(args: readonly string[]): { help: boolean; once: boolean; log: string | undefined } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean' }, once: { type: 'boolean' }, log: { type: 'string' } },
    })
    return { help: values.help ?? false, once: values.once ?? false, log: values.log }
  } catch (error) {
    // Node goes on with advice about positional arguments, of which there are none here.
    const [said] = (error as Error).message.split(/\.\s/)
    throw new DemoError(`${said}.\n\n${usage}`)
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new DemoError(`PORT must be a whole number from 0 to 65535, got '${text}'.`)
}
