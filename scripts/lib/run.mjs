// Two ways to run a program: in the foreground, as if the user had typed it, and quietly, keeping what it prints.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs a command with this process's own terminal; resolves to its exit code. */
export function foreground([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    const forward = (signal) => {
      // A terminal sends Ctrl-C to the whole group; a second one would make the child quit at once.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    for (const signal of signals) process.on(signal, forward)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/** Runs a command and resolves to its exit code and the lines it printed; `onLine` sees each as it comes. */
export function captured([program, ...args], { cwd, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines = []
    // A line each, so that what comes by the two pipes does not mix within one.
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => {
        lines.push(line)
        if (onLine) onLine(line)
      })
    }
    const end = (signal) => {
      child.kill(signal)
      // After the handlers of the other children.
      setImmediate(() => process.exit(128 + constants.signals[signal]))
    }
    for (const signal of signals) process.once(signal, end)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, end)
      resolve({ code: code ?? 128 + constants.signals[signal], lines })
    })
  })
}

/** Like `captured`, for a command that has to succeed: resolves to what it printed. */
export async function must(command, options) {
  const { code, lines } = await captured(command, options)
  const output = lines.join('\n')
  if (code !== 0) throw new Error(`${command.join(' ')}\nended with exit code ${code}:\n${output}`)
  return output
}
