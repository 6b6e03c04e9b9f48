import type { ChargeKind } from '../../store.ts'
import { twins } from './lua/index.ts'
import { library } from './lua/library.ts'
import { prepaid } from './lua/prepaid.ts'

/** How charges are told to a script. */
export const OPERATIONS: Record<ChargeKind, string> = {
  take: '1',
  ask: '2',
  shadow: '3',
  force: '4',
  refund: '5',
}

/** Numbers that each charge sends before its algorithm's own: twin, operation, cost, span and upTo. */
const HEAD = 5

const FIGURE = `
-- Clients read integers near 2^53 with rounding, but not text.
local function figure(x)
  if x > 4503599627370496 then return string.format('%.0f', x) end
  return x
end
`

/**
 * Decides any number of charges at one instant, as the memory store does: looks at all, then makes all or none.
 *
 * KEYS: a state each. ARGV: the time, or nothing for the server's; the least TTL in ms; then for each charge the index of
 * its twin, its operation, its cost, `at` for a refund and `withinMs` for a take, `upTo`, and its algorithm's numbers.
 * Answers with whole numbers: allowed, the time, and for each charge allowed, remaining, retryAfterMs (-1: never),
 * resetMs (-1: never), cost and limit (-1: as configured); as text what is above 2^52. -1 and the time where the numbers of a charge do not cover it: nothing was done.
 */
const DECIDE = `
local TAKE, ASK, SHADOW, FORCE, REFUND = 1, 2, 3, 4, 5
local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end
local least = tonumber(ARGV[2])

${FIGURE}
local function write(charge)
  local twin, s = charge.twin, charge.s
  local text, ttl = twin.encode(s, now), max(1, least, twin.ttl(s, now))
  if ttl < math.huge then call('SET', charge.key, text, 'PX', ttl) else call('SET', charge.key, text) end
end

local charges = {}
local arg = 3
for i = 1, #KEYS do
  local twin = twins[tonumber(ARGV[arg])]
  local p = twin.read(arg + ${HEAD})
  if twin.covers and not twin.covers(now, p) then return { -1, now } end
  local op = tonumber(ARGV[arg + 1])
  local cost = tonumber(ARGV[arg + 2])
  charges[i] = {
    key = KEYS[i], twin = twin, p = p, op = op, cost = cost,
    span = tonumber(ARGV[arg + 3]), upTo = tonumber(ARGV[arg + 4]),
    takes = cost > 0 and op ~= ASK and op ~= REFUND,
  }
  arg = arg + ${HEAD} + twin.count
end

local ok = true
for i = 1, #charges do
  local c = charges[i]
  local twin, p, op, cost = c.twin, c.p, c.op, c.cost
  local text = call('GET', c.key)
  if text then
    c.s = twin.decode(numbers(text), now, p)
    if op == REFUND then
      twin.refund(c.s, now, cost, c.span)
      write(c)
    end
    c.changed = twin.adopt(c.s, now, p) and c.takes
  else
    c.s = twin.fresh(now, p)
  end
  c.allowed, c.remaining, c.retry, c.reset, c.limit = twin.look(c.s, now, op == REFUND and 0 or cost, p)
  if op == TAKE and c.retry >= 0 and c.retry <= c.span then c.allowed = true end
  if not c.allowed and op ~= SHADOW and op ~= FORCE then ok = false end
end

local reply = { ok and 1 or 0, now }
for i = 1, #charges do
  local c = charges[i]
  local twin, p, s = c.twin, c.p, c.s
  local made = ok and c.takes and (c.allowed or c.op == FORCE)
  if made then
    if c.upTo > 0 then
      local _, remaining = twin.look(s, now, 0, p)
      c.cost = max(c.cost, min(c.upTo, floor(remaining / 8)))
    end
    twin.charge(s, now, c.cost, p)
  end
  if made or c.changed then write(c) end
  if made and not (c.op == TAKE and c.upTo == 0 and c.retry == 0) or not made and c.allowed then
    local _
    _, c.remaining, _, c.reset, c.limit = twin.look(s, now, 0, p)
  end
  local at = 6 * i - 3
  reply[at], reply[at + 1], reply[at + 2] = c.allowed and 1 or 0, figure(c.remaining), c.retry
  reply[at + 3], reply[at + 4], reply[at + 5] = c.reset, figure(c.cost), c.limit and figure(c.limit) or -1
end
return reply
`

/**
 * Adds units to a balance, unless some were added under the same id.
 *
 * KEYS: the state, and the ids that it was granted under; neither has a TTL. ARGV: the id and the units. Answers with
 * whole numbers: whether they were added (-1: there would be more than can be counted), limit and remaining.
 */
const GRANT = `
local call = redis.call
local s = prepaid.decode(numbers(call('GET', KEYS[1]) or ''))
local units = tonumber(ARGV[2])
local added = 1 - call('SISMEMBER', KEYS[2], ARGV[1])
if added == 1 then
  if units > SAFE - max(0, s.granted - s.used) then return { -1, 0, 0 } end
  call('SADD', KEYS[2], ARGV[1])
  prepaid.add(s, units)
  call('SET', KEYS[1], prepaid.encode(s))
end
return { added, figure(s.granted), figure(max(0, s.granted - s.used)) }
`

/** A script, and its name at the server. */
export interface Script {
  readonly text: string
  readonly sha: Promise<string>
}

/** Which twins a script has, each at the index (from 1) that charges name it by. */
export interface DecideScript extends Script {
  readonly indexOf: ReadonlyMap<string, string>
}

/** The script that decides charges of these kinds of algorithm, and of no others: a server runs it faster the shorter. */
export function decideScript(kinds: readonly string[]): DecideScript {
  const sources = kinds.map((kind) => {
    const twin = twins[kind]
    if (twin === undefined) throw new TypeError(`redisStore knows no algorithm of kind '${kind}'`)
    const reads = twin.params.map((name, index) => `${name} = tonumber(ARGV[a + ${index}])`).join(', ')
    return `${twin.lua}
${kind}.count = ${twin.params.length}
function ${kind}.read(a) return { ${reads} } end`
  })
  const indexOf = new Map(kinds.map((kind, index) => [kind, String(index + 1)]))
  return { ...scriptOf([library, ...sources, `local twins = { ${kinds.join(', ')} }`, DECIDE]), indexOf }
}

/** The script that grants. */
export const grantScript = (): Script => scriptOf([library, prepaid.lua, FIGURE, GRANT])

/** Comments are for us. */
export function scriptOf(parts: readonly string[]): Script {
  const text = parts
    .join('\n')
    .replace(/^\s*--.*$/gm, '')
    .replace(/^\s+/gm, '')
  return { text, sha: sha1(text) }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
