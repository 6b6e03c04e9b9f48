// Everything that `npm test` runs once the packages are built. Each check counts by its own closing line, if it
// prints one, else as one that passed or failed; the last line printed covers them all.
import { captured } from './lib/run.mjs'
import { lint, tools, typecheck, vitest } from './lib/tools.mjs'

/** These wait for disk and network as much as for a core, so they run together; the tests get both cores. */
const checks = {
  typecheck,
  format: [...tools.oxfmt, '--check'],
  lint,
  knip: tools.knip,
  packages: ['node', 'scripts/packages/check.mjs'],
}

const countsItself = new Set(['packages', 'tests'])
const closingLine = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/

export async function test(args) {
  const start = performance.now()
  const total = { passed: 1, failed: 0, skipped: 0 } // the build, without which nothing gets here
  const add = (counts) => {
    for (const name of Object.keys(total)) total[name] += counts[name]
  }
  const reports = Object.entries(checks).map(async ([name, command]) => {
    const report = await check(name, command)
    if (report.counts.failed > 0) console.log(report.lines.join('\n'))
    console.log(report.summary)
    return report.counts
  })
  for (const counts of await Promise.all(reports)) add(counts)

  const tests = await check('tests', [...vitest, ...args], showLine)
  console.log(tests.summary)
  add(tests.counts)

  console.log(`\nAll checks took ${seconds(start)}.`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  return total.failed === 0 ? 0 : 1
}

/** The counts are shown once, for everything. */
function showLine(line) {
  if (!closingLine.test(line)) console.log(line)
}

async function check(name, command, onLine) {
  const start = performance.now()
  const { code, lines } = await captured(command, { onLine })
  const counts = count(lines, code, countsItself.has(name))
  return { lines, counts, summary: `${counts.failed === 0 ? '✓' : '✗'} ${name} (${seconds(start)})` }
}

/** A program that ended badly, or that should have counted and did not, has at least one failure. */
function count(lines, code, itself) {
  const line = lines.findLast((text) => closingLine.test(text))
  if (line === undefined) return code === 0 && !itself ? one('passed') : one('failed')
  const [, passed, failed, skipped] = closingLine.exec(line).map(Number)
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1), skipped: skipped || 0 } // NaN when not said
}

const one = (name) => ({ passed: 0, failed: 0, skipped: 0, [name]: 1 })

const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`
