/** Has a server decide recorded histories, many in one call, and compares. */

import { scriptOf } from '../../script.ts'
import type { Recorded, Recording } from './recording.ts'

/** The one thing that is asked of a client. */
export type Evaluate = (script: string, args: readonly string[]) => Promise<unknown>

/**
 * Runs a script that decides on one key, kept in a table instead of the server's: decisions come a hundred times
 * faster. An argument is `none` or a text, behind `=`, that is stored from then on; or how many follow of a decision.
 */
const driverOf = (script: string): string => `
local text, lived
local server = {}
function server.call(command, _, value, _, ms)
  if command == 'GET' then return text or false end
  if command ~= 'SET' then error(command) end
  text, lived = value, ms
end
local function decide(redis, KEYS, ARGV)
${script}
end
local told, from = {}, 1
while from <= #ARGV do
  local count = tonumber(ARGV[from])
  if count then
    local args = {}
    for index = 1, count do args[index] = ARGV[from + index] end
    local reply = decide(server, { 'key' }, args)
    for index = 1, #reply do reply[index] = string.format('%.17g', reply[index]) end
    local answer = table.concat(reply, ',')
    if text then answer = answer .. ' ' .. text .. ' ' .. string.format('%.17g', lived) end
    table.insert(told, answer)
    from = from + 1 + count
  else
    text, lived = ARGV[from]:match('^=(.*)'), 0
    from = from + 1
  end
end
return told
`

/**
 * Compares batch by batch; the server decides one while the next is recorded.
 * @returns the decisions up to the first that the script made otherwise; nothing where all agree
 */
export async function firstDifference(
  evaluate: Evaluate,
  script: string,
  batches: Iterable<readonly Recording[]>,
): Promise<string | undefined> {
  const driver = driverOf(script)
  let running: Promise<string | undefined> = Promise.resolve(undefined)
  for (const batch of batches) {
    const args = batch.flatMap(({ unreadable, decisions }) => [
      unreadable === undefined ? 'none' : `=${unreadable}`,
      ...decisions.flatMap((recorded) => [String(recorded.args.length), ...recorded.args]),
    ])
    const next = evaluate(driver, args).then((told) => shortestDifference(batch, told as string[]))
    // It is thrown in its turn.
    next.catch(() => undefined)
    const difference = await running
    if (difference !== undefined) return difference
    running = next
  }
  return running
}

function shortestDifference(batch: readonly Recording[], told: readonly string[]): string | undefined {
  let past = 0
  let shortest: { readonly decisions: readonly Recorded[]; readonly answer: string | undefined } | undefined
  for (const { decisions } of batch) {
    const answers = told.slice(past, (past += decisions.length))
    const at = decisions.findIndex((recorded, index) => recorded.told !== answers[index])
    if (at >= 0 && at < (shortest?.decisions.length ?? Infinity))
      shortest = { decisions: decisions.slice(0, at + 1), answer: answers[at] }
  }
  if (shortest === undefined) return undefined
  const lines = shortest.decisions.map(({ args, told: answer }) => `  ${args.join(' ')}: ${answer}`)
  return ['told, answered and stored:', ...lines, `but Lua: ${shortest.answer}`].join('\n')
}

/** The script with another twin's or library's text in place of one. */
export const replaced = (script: string, part: string, other: string): string =>
  script.replace(scriptOf([part]).text, () => scriptOf([other]).text)
