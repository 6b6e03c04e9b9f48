/** The names that other libraries give to their options, functions and methods, read out of the packages as installed. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as express from 'express-rate-limit'
import * as hono from 'hono-rate-limiter'
import { root } from './markdown.ts'
import { flexible } from './peers.ts'

/** Where each package is. */
const folders = {
  'express-rate-limit': join(root, 'node_modules', 'express-rate-limit'),
  'hono-rate-limiter': join(root, 'node_modules', 'hono-rate-limiter'),
  'koa-ratelimit': join(root, 'node_modules', 'koa-ratelimit'),
  'rate-limiter-flexible': join(root, 'packages', 'core', 'node_modules', 'rate-limiter-flexible'),
}
export type Library = keyof typeof folders
export const libraries = Object.keys(folders) as Library[]

const fileOf = (library: Library, path: string): string => readFileSync(join(folders[library], path), 'utf8')

export const versionOf = (library: Library): string =>
  (JSON.parse(fileOf(library, 'package.json')) as { version: string }).version

/** The members of every type in a declaration file whose head fits: of `type A = {...}`, `interface A {...}`, and classes. */
function membersOf(declarations: string, heads: RegExp): string[] {
  const source = declarations.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '')
  return Array.from(source.matchAll(heads), ({ 0: head, index }) => flat(source.slice(index + head.length)))
    .flatMap((body) =>
      Array.from(body.matchAll(/(?:^|[;}\n])\s*((?:private|readonly|get) )?(\w+)\??[:(]/g), ([, how, name]) =>
        how === 'private ' || name === 'constructor' ? '' : (name as string),
      ),
    )
    .filter((name) => name !== '')
}

/** What stands in the first braces of a text, without what stands in brackets within. */
function flat(text: string): string {
  let depth = 0
  let inside = ''
  for (const character of text.slice(text.indexOf('{'))) {
    if ('{(['.includes(character)) depth++
    if (depth === 1 || (depth === 2 && '{(['.includes(character))) inside += character
    if ('})]'.includes(character)) depth--
    if (depth === 0) break
  }
  return inside.slice(1)
}

const unique = (names: readonly string[]): string[] =>
  Array.from(new Set(names)).filter((name) => name !== 'default')

function ofExpress(): string[] {
  const declarations = fileOf('express-rate-limit', 'dist/index.d.ts')
  const types =
    /(?:type (?:Options|Store|LegacyStore|RateLimitRequestHandler|RateLimitInfo|Logger) =|const validations:)/g
  // How the checks are turned on within the library is no option.
  const inside = new Set(['enabled', 'disable'])
  return [...membersOf(declarations, types), ...Object.keys(express)].filter((name) => !inside.has(name))
}

function ofHono(): string[] {
  const declarations = fileOf('hono-rate-limiter', 'dist/index.d.ts')
  const types =
    /(?:type (?:\w*ConfigType|KeyGeneratorType|Store|Options|RateLimitInfo)<?.*(?:=(?= \{$)|&(?= \{$))|type (?:Options|RateLimitInfo) =|interface WSConfigType|constructor\(options: (?=\{))/gm
  return [...membersOf(declarations, types), ...Object.keys(hono)]
}

/** It has no declarations: what its code reads, and what its README lists. */
function ofKoa(): string[] {
  const source = fileOf('koa-ratelimit', 'index.js')
  const read = Array.from(source.matchAll(/opts\.(\w+)/g), ([, name = '']) => name)
  const inMemory = /constructor\(\{([^}]*)\}/.exec(fileOf('koa-ratelimit', 'limiter/memory.js'))?.[1] ?? ''
  const listed = Array.from(
    fileOf('koa-ratelimit', 'README.md').matchAll(/^\* `(\w+)`/gm),
    ([, name = '']) => name,
  )
  const told = /ctx\.state\.rateLimit = \{([^}]*)\}/.exec(source)?.[1] ?? ''
  const words = Array.from(`${inMemory},${told}`.matchAll(/(?<!')\b[a-z]\w*/g), ([name]) => name)
  return [...read, ...listed, ...words]
}

function ofFlexible(): string[] {
  const declarations = fileOf('rate-limiter-flexible', 'types.d.ts')
  const options = membersOf(declarations, /interface I\w*(?:Options|OptionsAndSchema|Opts) /g)
  const perCall = Array.from(
    fileOf('rate-limiter-flexible', 'lib/RateLimiterAbstract.js').matchAll(/options\.(\w+)/g),
    ([, name = '']) => name,
  )
  return [
    ...options,
    ...perCall,
    ...membersOf(declarations, /export class (?!\w*Error)\w+ /g),
    ...Object.keys(flexible),
  ]
}

/** Every name of a library that has to have a row. */
export const theirNames: Record<Library, readonly string[]> = {
  'express-rate-limit': unique(ofExpress()),
  'hono-rate-limiter': unique(ofHono()),
  'koa-ratelimit': unique(ofKoa()),
  'rate-limiter-flexible': unique(ofFlexible()),
}
