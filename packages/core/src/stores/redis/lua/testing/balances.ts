/** Random dealings with one balance as TypeScript decides them, and a server that decides the same ones. */

import { prepaid } from '../../../../algorithms/prepaid.ts'
import { randomOf, type Random } from '../../../../conformance/random.ts'
import type { Answer } from '../../../../algorithm.ts'
import type { Charge, ChargeKind } from '../../../../store.ts'
import { charge } from '../../../../../test/charges.ts'
import { judge, type Kept } from '../../../judge.ts'
import { OPERATIONS } from '../../script.ts'
import type { Evaluate } from './replay.ts'

/** What a script is told, and what it has to answer with what is stored then. */
interface Dealing {
  readonly script: 'decide' | 'grant'
  readonly args: readonly string[]
  readonly told: string
}

/** The dealings with one balance, and what is stored before. */
export interface Balance {
  readonly text: string | undefined
  readonly dealings: readonly Dealing[]
}

const NOW = 1_800_000_000_000
const MOST = Number.MAX_SAFE_INTEGER
const STEPS = 25
const algorithm = prepaid()
const slot = { name: 'policy', algorithm }

const KINDS: readonly ChargeKind[] = ['take', 'take', 'take', 'ask', 'shadow', 'force', 'refund', 'refund']

/** Balances that look random until they make this many decisions; some of them are as large as they can be. */
export function* balances(decisions: number, seed: number, text?: string): Generator<Balance> {
  for (let made = 0; made < decisions; made += STEPS) yield balanceOf(randomOf(seed + made), text)
}

function balanceOf(random: Random, text: string | undefined): Balance {
  const kept: Kept = { state: text === undefined ? undefined : algorithm.decode(text), isChanged: false }
  const ids = new Set<string>()
  const isHuge = random.int(0, 5) === 0
  const units = (): number => (isHuge && random.int(0, 1) === 0 ? MOST - random.int(0, 9) : random.int(0, 12))
  let stored = text === undefined ? undefined : `${text} 0`

  const withStored = (values: readonly unknown[]): string => {
    if (kept.isChanged && kept.state) {
      const lives = algorithm.ttlMs(kept.state as never, NOW) > 0 ? 'Infinity' : '1'
      stored = `${algorithm.encode(kept.state as never)} ${lives}`
    }
    kept.isChanged = false
    return [values.join(','), stored, [...ids].toSorted().join(';')]
      .filter((part) => part !== undefined)
      .join(' ')
  }

  function granted(): Dealing {
    const [id, n] = [String(random.int(1, 9)), Math.max(1, units())]
    const state = (kept.state ?? algorithm.fresh(NOW)) as never
    const isNew = !ids.has(id)
    const told = {} as Answer
    try {
      if (isNew) {
        algorithm.add?.(state, n)
        ids.add(id)
        kept.state = state
        kept.isChanged = true
      }
      algorithm.look(state, NOW, 0, told)
      const values = [Number(isNew), told.limit, told.remaining]
      return { script: 'grant', args: [id, String(n)], told: withStored(values) }
    } catch {
      return { script: 'grant', args: [id, String(n)], told: withStored([-1, 0, 0]) }
    }
  }

  function decided(): Dealing {
    const kind = random.pick(KINDS)
    const cost = units()
    const upTo = kind === 'take' && random.int(0, 5) === 0 ? random.int(1, 40) : 0
    const at = kind === 'refund' ? NOW : 0
    const asked: Charge = charge(slot, 'key', { kind, cost, at, upTo })
    const { allowed } = judge([asked], kept, NOW)
    const { remaining, retryAfterMs, resetMs, limit } = asked
    const never = (ms: number): number => (ms === Infinity ? -1 : ms)
    const values = [
      Number(allowed),
      NOW,
      Number(asked.allowed),
      remaining,
      never(retryAfterMs),
      never(resetMs),
    ]
    const args = [String(NOW), '0', '1', OPERATIONS[kind], ...[cost, at, upTo].map(String)]
    return { script: 'decide', args, told: withStored([...values, asked.cost, limit]) }
  }

  const dealings = Array.from({ length: STEPS }, () => (random.int(0, 3) === 0 ? granted() : decided()))
  return { text, dealings }
}

/** Runs both scripts on one key, kept in tables instead of the server's. */
const driverOf = (decide: string, grant: string): string => `
local text, lived, ids
local server = {}
function server.call(command, _, value, option, ms)
  if command == 'GET' then return text or false end
  if command == 'SISMEMBER' then return ids[value] and 1 or 0 end
  if command == 'SADD' then ids[value] = true
  elseif command == 'SET' then
    text, lived = value, option == 'PX' and string.format('%.17g', ms) or 'Infinity'
  else error(command) end
end
local scripts = {}
function scripts.decide(redis, KEYS, ARGV)
${decide}
end
function scripts.grant(redis, KEYS, ARGV)
${grant}
end
local told, from = {}, 1
while from <= #ARGV do
  local script = scripts[ARGV[from]]
  if script then
    local args, keys = {}, ARGV[from] == 'grant' and { 'key', 'ids' } or { 'key' }
    local count = tonumber(ARGV[from + 1])
    for index = 1, count do args[index] = ARGV[from + 1 + index] end
    local reply = script(server, keys, args)
    for index = 1, #reply do reply[index] = string.format('%.17g', reply[index]) end
    local list = {}
    for id in pairs(ids) do list[#list + 1] = id end
    table.sort(list)
    told[#told + 1] = table.concat(reply, ',') .. (text and ' ' .. text .. ' ' .. lived or '') .. ' ' .. table.concat(list, ';')
    from = from + 2 + count
  else
    text, lived, ids = ARGV[from]:match('^=(.*)'), '0', {}
    from = from + 1
  end
end
return told
`

/** As many as a server is asked for in one call. */
const BALANCES_AT_ONCE = 40

/** The first dealings with a balance that the scripts make otherwise; nothing where all agree. */
export async function firstBalanceAmiss(
  evaluate: Evaluate,
  decide: string,
  grant: string,
  all: Iterable<Balance>,
): Promise<string | undefined> {
  const driver = driverOf(decide, grant)
  const list = [...all]
  for (let from = 0; from < list.length; from += BALANCES_AT_ONCE) {
    const batch = list.slice(from, from + BALANCES_AT_ONCE)
    const args = batch.flatMap(({ text, dealings }) => [
      text === undefined ? 'none' : `=${text}`,
      ...dealings.flatMap((dealing) => [dealing.script, String(dealing.args.length), ...dealing.args]),
    ])
    const told = (await evaluate(driver, args)) as string[]
    const expected = batch.flatMap(({ dealings }) => dealings)
    const at = expected.findIndex((dealing, index) => dealing.told !== told[index])
    if (at < 0) continue
    const lines = expected.slice(at - (at % STEPS), at + 1).map(({ script, args: given, told: answer }) => {
      return `  ${script} ${given.join(' ')}: ${answer}`
    })
    return ['told, answered and stored:', ...lines, `but Lua: ${told[at]}`].join('\n')
  }
  return undefined
}
