// Two ways to run a program: in the foreground, as if the user had typed it, and quietly, keeping what it prints.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Runs a command with this process's own terminal; resolves to its exit code. */
export function foreground([program, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    const forward = (signal) => {
      // A terminal sends Ctrl-C to the whole group; a second one would make the child quit at once.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    }
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
    for (const signal of signals) process.on(signal, forward)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      for (const each of signals) process.off(each, forward)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/** Runs a command and resolves to its exit code and all it printed; `onLine` sees each line as it comes. */
export function captured([program, ...args], { cwd, env, onLine } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let unfinished = ''
    const onData = (text) => {
      output += text
      const lines = (unfinished + text).split('\n')
      unfinished = lines.pop()
      if (onLine) for (const line of lines) onLine(line)
    }
    child.stdout.setEncoding('utf8').on('data', onData)
    child.stderr.setEncoding('utf8').on('data', onData)
    const end = () => child.kill('SIGTERM')
    process.once('SIGTERM', end)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.off('SIGTERM', end)
      if (unfinished !== '' && onLine) onLine(unfinished)
      resolve({ code: code ?? 128 + constants.signals[signal], output })
    })
  })
}

/** Like `captured`, for a command that has to succeed: resolves to its output. */
export async function must(command, options) {
  const { code, output } = await captured(command, options)
  if (code !== 0) throw new Error(`${command.join(' ')}\nended with exit code ${code}:\n${output}`)
  return output
}
