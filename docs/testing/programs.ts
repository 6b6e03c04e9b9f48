import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { Server } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import { root } from './markdown.ts'
import { type Send, sendTo } from './requests.ts'

/** A folder from which programs find the packages that examples have, and others' limiters. */
function workFolder(): string {
  mkdirSync(join(root, '.cache'), { recursive: true })
  const folder = mkdtempSync(join(root, '.cache', 'programs-'))
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  const examples = join(root, 'examples', 'node_modules')
  const names = readdirSync(examples).filter(
    (name) => !name.startsWith('.') && name !== 'rate-limiter-flexible',
  )
  for (const name of names) symlinkSync(join(examples, name), join(modules, name))
  const ofCore = join(root, 'packages', 'core', 'node_modules', 'rate-limiter-flexible')
  symlinkSync(ofCore, join(modules, 'rate-limiter-flexible'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  return folder
}

/** Runs a program that starts a server, whatever port it names, until the test is over. */
export async function runProgram(source: string): Promise<Send> {
  const folder = workFolder()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { listen } = Server.prototype
  const started = new Promise<Server>((resolve) => {
    Server.prototype.listen = function (this: Server) {
      resolve(this)
      return listen.call(this, { port: 0, host: '127.0.0.1' })
    } as typeof listen
  })
  try {
    const file = join(folder, 'program.ts')
    writeFileSync(file, source)
    await import(/* @vite-ignore */ pathToFileURL(file).href)
    const server = await started
    onTestFinished(() => void server.close())
    if (!server.listening) await once(server, 'listening')
    return sendTo(server)
  } finally {
    Server.prototype.listen = listen
  }
}
