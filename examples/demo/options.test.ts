import { sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DemoError, parseOptions, usage } from './options.ts'

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([], {})).toEqual({ help: false, once: false, log: undefined, port: 3000 })
  })

  it('takes any free port for --once, unless PORT says which', () => {
    expect(parseOptions(['--once'], {}).port).toBe(0)
    expect(parseOptions(['--once'], { PORT: '' }).port).toBe(0)
    expect(parseOptions(['--once'], { PORT: '8080' }).port).toBe(8080)
    expect(parseOptions([], { PORT: '0' }).port).toBe(0)
  })

  it('finds the log from where npm was called', () => {
    expect(parseOptions(['--log', 'a.log'], { INIT_CWD: `${sep}logs` }).log).toBe(`${sep}logs${sep}a.log`)
    expect(parseOptions(['--log', `${sep}b.log`], { INIT_CWD: `${sep}logs` }).log).toBe(`${sep}b.log`)
  })

  it.each(['abc', '65536', '-1', '80.5', '1e3', ' 80'])('refuses PORT=%s', (port) => {
    const said = `PORT must be a whole number from 0 to 65535, got '${port}'.`
    expect(() => parseOptions([], { PORT: port })).toThrow(new DemoError(said))
  })

  it.each([
    [['--onse'], "Unknown option '--onse'."],
    [['-x'], "Unknown option '-x'."],
    [['--log'], "Option '--log <value>' argument missing."],
    [['access.log'], "Unexpected argument 'access.log'."],
    [['--once=yes'], "Option '--once' does not take an argument."],
  ])('refuses %j and shows the usage', (args, said) => {
    expect(() => parseOptions(args, {})).toThrow(new DemoError(`${said}\n\n${usage}`))
  })
})
