/** docs/migrate.md has every name of the libraries that it sets beside ours, and its programs do the same. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as http from '../packages/core/src/http/index.ts'
import { createLimiter, memoryStore } from '../packages/core/src/index.ts'
import { memcachedStore } from '../packages/core/src/stores/memcached/index.ts'
import { redisStore } from '../packages/core/src/stores/redis/index.ts'
import * as express from '../packages/express/src/index.ts'
import { blocksOf, codeIn, read, root, rowsIn, rowsOf, sectionOf } from './testing/markdown.ts'
import { runProgram } from './testing/programs.ts'
import type { Seen, Send } from './testing/requests.ts'
import { libraries, type Library, theirNames, versionOf } from './testing/their-names.ts'

const page = 'docs/migrate.md'
const rowsFor = (library: Library): string[][] => rowsIn(sectionOf(page, `From ${library}`))

describe.each(libraries)('the tables of %s', (library) => {
  const named = rowsFor(library).flatMap(([theirs = '']) => codeIn(theirs))
  // What makes a store is the same for these two, and stands in one table.
  const [, ofStores = ''] = /^A store's (.*) are those of/m.exec(sectionOf(page, `From ${library}`)) ?? []

  it('have every name that it has', () => {
    const rows = [...named, ...codeIn(ofStores)]
    expect(theirNames[library].filter((name) => !rows.includes(name))).toEqual([])
  })

  it('have no name that it has not', () => {
    expect(named.filter((name) => !theirNames[library].includes(name))).toEqual([])
  })

  it('are of the version that is installed', () => {
    expect(read(page).split('\n## ')[0]).toContain(`${library} ${versionOf(library)}`)
  })
})

describe.each(libraries)('what the tables of %s say of ours', (library) => {
  const options = rowsOf('docs/options.md').flatMap(([owner = '', option = '']) => [
    ...codeIn(owner),
    ...codeIn(option),
  ])
  const limiter = createLimiter({ limit: 1, window: '1m' })
  const things = [express, http, limiter, limiter.take('key'), limiter.reserve('key'), memoryStore()]
  const ours = new Set([
    ...options.flatMap(words),
    ...things.flatMap((thing) => Object.keys(thing)),
    memcachedStore.name,
    redisStore.name,
    'limiter',
  ])
  // What frameworks hand over, and values.
  const plain = words('true false null undefined req res next ctx state c get client decision middleware now')
  const missing = (codes: readonly string[], known: readonly string[]): string[] =>
    codes.filter((code) => words(code).some((word) => !ours.has(word) && !known.includes(word)))

  it('names what there is', () => {
    const codes = rowsFor(library).flatMap(([, code = '']) => codeIn(code))
    expect(missing(codes, plain)).toEqual([])
  })

  it('explains it by what there is, here or there', () => {
    const codes = rowsFor(library).flatMap(([, , differs = '']) => codeIn(differs))
    expect(missing(codes, [...plain, ...theirNames[library]])).toEqual([])
  })
})

/** The names in a piece of code, without its texts. */
function words(code: string): string[] {
  return Array.from(code.replaceAll(/'[^']*'/g, '').matchAll(/[a-z]\w*/gi), ([word]) => word)
}

describe('the points in bold', () => {
  const points = read(page)
    .split(/^## /m)
    .flatMap((section) => {
      const [heading] = section.split('\n')
      return Array.from(section.matchAll(/^- \*\*(.+?)\.\*\*/gm), ([, point]) => `${heading}: ${point}`)
    })

  it('are each proved by a test of that name, and no other is', () => {
    const tests = readdirSync(join(root, 'docs'))
      .filter((name) => /^migrate\.\w+\.test\.ts$/.test(name))
      .flatMap((name) => {
        const source = read(`docs/${name}`)
        const [, heading] = /^describe\('(.+)',/m.exec(source) ?? []
        return Array.from(source.matchAll(/^ {2}it\('(.+)',/gm), ([, title]) => `${heading}: ${title}`)
      })
    expect(points.length).toBeGreaterThan(30)
    expect(tests.toSorted()).toEqual(points.toSorted())
  })
})

const REQUESTS = 7

describe.each(libraries)('the programs of %s', (library) => {
  const texts = blocksOf(page).map(({ text }) => text)
  const section = sectionOf(page, `From ${library}`)
  const [before = '', ...afterwards] = texts.filter((text) => section.includes(text))

  it('are there', () => {
    expect(before).toContain(`from '${library}'`)
    expect(afterwards.length).toBeGreaterThanOrEqual(1)
  })

  it.each(afterwards)('give the same answers', async (after) => {
    const theirs = await seenBy(await runProgram(before))
    expect(theirs.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429])
    const ours = await seenBy(await runProgram(after))
    expect(ours.map(({ status }) => status)).toEqual(theirs.map(({ status }) => status))
    expect(ours.at(-1)?.body).toBe(theirs.at(-1)?.body)
    expect(ours.at(-1)?.body).toBe('Later, please.')
    const remaining = /^(x-)?ratelimit-remaining$/
    for (const field of Object.keys(theirs[0]?.headers ?? {}).filter((name) => remaining.test(name))) {
      expect(ours.map(({ headers }) => headers[field])).toEqual(theirs.map(({ headers }) => headers[field]))
    }
  })
})

async function seenBy(send: Send): Promise<Seen[]> {
  const seen: Seen[] = []
  for (let turn = 0; turn < REQUESTS; turn++) seen.push(await send({ headers: { 'X-Api-Key': 'a-key' } }))
  return seen
}
