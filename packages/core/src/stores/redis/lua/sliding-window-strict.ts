import type { Twin } from './twin.ts'

/** The twin of `algorithms/sliding-window-strict.ts`. Lua's lists begin at 1: its `index` is one more. */
export const slidingWindowStrict: Twin = {
  params: ['limit', 'windowMs', 'part', 'patience'],
  lua: `local slidingWindowStrict = {}
do
  local function partMs(windowMs)
    return math.ceil(windowMs / 10)
  end

  local function begins(now, ofMs)
    return now - math.fmod(now, ofMs)
  end

  local function startOf(s)
    return begins(s.at, partMs(s.windowMs))
  end

  local function leaves(s, index)
    return startOf(s) - (index - 2) * partMs(s.windowMs) + s.windowMs
  end

  local function usedAt(s, now)
    local used = 0
    for index = 1, #s.counts do
      if leaves(s, index) <= now then break end
      used = grown(used, s.counts[index])
    end
    return used
  end

  local function lastLeaves(s)
    for index = 1, #s.counts do
      if s.counts[index] > 0 then return leaves(s, index) end
    end
    return 0
  end

  local function freed(s, now, missing)
    local index, sum = #s.counts + 1, 0
    while index > 1 and sum < missing do
      index = index - 1
      if leaves(s, index) > now then sum = sum + s.counts[index] end
    end
    return leaves(s, index)
  end

  local function roll(s, now, p)
    local passed = (begins(now, p.part) - startOf(s)) / p.part
    for _ = 1, math.min(passed, 11) do table.insert(s.counts, 1, 0) end
    s.at = math.max(s.at, now)
    while #s.counts > 1 and leaves(s, #s.counts) <= s.at do table.remove(s.counts) end
  end

  function slidingWindowStrict.fresh(now, p)
    return { at = now, windowMs = p.windowMs, counts = { 0 } }
  end

  function slidingWindowStrict.decode(n, now, p)
    local counts = {}
    for index = 3, math.min(#n, 13) do counts[index - 2] = n[index] end
    if #counts == 0 then counts[1] = 0 end
    local ofMs = n[2] or 0
    return { at = n[1] or 0, windowMs = ofMs > 0 and ofMs or p.windowMs, counts = counts }
  end

  function slidingWindowStrict.encode(s)
    local texts = { string.format('%.0f,%.0f', s.at, s.windowMs) }
    for index = 1, #s.counts do texts[index + 1] = string.format('%.0f', s.counts[index]) end
    return table.concat(texts, ',')
  end

  function slidingWindowStrict.adopt(s, now, p)
    local isFuture
    if lastLeaves(s) == 0 then
      isFuture = s.at > now
    else
      isFuture = startOf(s) - now > p.patience
    end
    if isFuture then s.at = now end
    if s.windowMs == p.windowMs then return isFuture end
    s.counts = { usedAt(s, math.max(now, startOf(s))) }
    s.windowMs = p.windowMs
    slidingWindowStrict.adopt(s, now, p)
    return true
  end

  function slidingWindowStrict.look(s, now, cost, p)
    local at = math.max(now, startOf(s))
    local used = usedAt(s, at)
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, p.limit - used), cost)
    local last = charged > 0 and begins(at, p.part) + p.part + p.windowMs or lastLeaves(s)
    local resetMs = used + charged > 0 and last - now or 0
    if not allowed and cost <= p.limit then retryAfterMs = freed(s, at, cost - (p.limit - used)) - now end
    return allowed, remaining, retryAfterMs, resetMs
  end

  function slidingWindowStrict.charge(s, now, cost, p)
    roll(s, now, p)
    s.counts[1] = grown(s.counts[1], cost)
  end

  function slidingWindowStrict.refund(s, now, cost, at)
    local ofMs = partMs(s.windowMs)
    local index = (startOf(s) - begins(at, ofMs)) / ofMs + 1
    local count = s.counts[index]
    if count == nil or leaves(s, index) <= now then return end
    s.counts[index] = math.max(0, count - cost)
  end

  function slidingWindowStrict.ttl(s, now)
    return math.max(0, lastLeaves(s) - now)
  end
end
`,
}
