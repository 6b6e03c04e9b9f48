// Turns Stryker's report into packages/core/MUTATION.md, which is committed, and fails where too few changes are noticed.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { root } from '../lib/tools.mjs'
import { equivalents } from './equivalents.mjs'

const LEAST_PERCENT = 90
const MOST_EQUIVALENTS = 20

/** The text that a change replaces; lines and columns count from 1. */
function textAt(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1)
  lines[0] = lines[0].slice(start.column - 1)
  return lines.join(' ').replace(/\s+/g, ' ')
}

/** Every change that ran, with what became of it; each listed equivalent stands for one that nobody noticed. */
function changes(report) {
  const left = [...equivalents]
  return Object.entries(report.files).flatMap(([path, { source, mutants }]) =>
    mutants
      .filter(({ status }) => ['Killed', 'Timeout', 'Survived', 'NoCoverage'].includes(status))
      .map(({ status, location, replacement }) => {
        const [file, text] = [basename(path), textAt(source, location)]
        const isUnnoticed = status === 'Survived' || status === 'NoCoverage'
        const index = left.findIndex(
          (listed) => listed.file === file && listed.text === text && listed.becomes === replacement,
        )
        const [equal] = isUnnoticed && index >= 0 ? left.splice(index, 1) : []
        const becomes = replacement.replace(/\s+/g, ' ')
        return { file, line: location.start.line, text, becomes, isUnnoticed, reason: equal?.reason }
      }),
  )
}

const short = (text) => `\`${(text.length > 70 ? `${text.slice(0, 69)}…` : text).replaceAll('|', '\\|')}\``
const percent = (part, whole) => `${((part / whole) * 100).toFixed(1)} %`

function score(all) {
  const equal = all.filter(({ reason }) => reason).length
  const noticed = all.filter(({ isUnnoticed }) => !isUnnoticed).length
  return { all: all.length, noticed, equal, share: noticed / (all.length - equal) }
}

function row(name, all) {
  const { noticed, equal, share } = score(all)
  return `| ${name} | ${all.length} | ${noticed} | ${equal} | ${percent(share, 1)} |`
}

function markdown(all) {
  const files = [...new Set(all.map(({ file }) => file))]
  const unnoticed = all.filter(({ isUnnoticed, reason }) => isUnnoticed && !reason)
  const place = ({ file, line, text, becomes }) => `${file}:${line} | ${short(text)} | ${short(becomes)}`
  return [
    '# What the tests notice',
    '',
    '`npm run mutation` changes the algorithms in `src/algorithms`, one small change at a time, and runs their tests and laws. It wrote this page.',
    '',
    '| file | changes | noticed | make no difference | noticed of those that do |',
    '|---|---|---|---|---|',
    ...files.map((name) =>
      row(
        name,
        all.filter(({ file }) => file === name),
      ),
    ),
    row('all', all),
    '',
    '## Changes that make no difference',
    '',
    '| where | text | becomes | why |',
    '|---|---|---|---|',
    ...all.filter(({ reason }) => reason).map((change) => `| ${place(change)} | ${change.reason} |`),
    '',
    '## Changes that nobody noticed',
    '',
    ...(unnoticed.length === 0
      ? ['None.']
      : [
          '| where | text | becomes |',
          '|---|---|---|',
          ...unnoticed.map((change) => `| ${place(change)} |`),
        ]),
    '',
  ].join('\n')
}

const report = JSON.parse(readFileSync(join(root, '.cache/mutation/mutation.json'), 'utf8'))
const all = changes(report)
writeFileSync(join(root, 'packages/core/MUTATION.md'), markdown(all))
const { noticed, equal, share } = score(all)
console.log(`${noticed} of ${all.length} changes noticed, ${equal} make no difference: ${percent(share, 1)}`)
if (share * 100 < LEAST_PERCENT || equivalents.length > MOST_EQUIVALENTS) {
  console.error(
    `At least ${LEAST_PERCENT} % have to be noticed, and at most ${MOST_EQUIVALENTS} may be listed.`,
  )
  process.exitCode = 1
}
