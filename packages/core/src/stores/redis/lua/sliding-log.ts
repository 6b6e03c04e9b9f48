import type { Twin } from './twin.ts'

/** The twin of `algorithms/sliding-log.ts`. Lua's lists begin at 1; entries are not cut off, as states are short-lived. */
export const slidingLog: Twin = {
  params: ['limit', 'windowMs', 'patience'],
  lua: `local slidingLog = {}
do
  local function newest(s)
    return #s.at >= s.head and s.at[#s.at] or 0
  end

  local function standing(s, now)
    return math.max(now, newest(s))
  end

  local function prune(s, now)
    local leftMs = standing(s, now) - s.windowMs
    while s.head <= #s.at and s.at[s.head] <= leftMs do
      s.used = s.used - s.cost[s.head]
      s.head = s.head + 1
    end
  end

  local function lastIndexOf(s, at)
    for index = #s.at, s.head, -1 do
      if s.at[index] == at then return index end
    end
    return 0
  end

  function slidingLog.fresh(now, p)
    return { at = {}, cost = {}, head = 1, used = 0, windowMs = p.windowMs }
  end

  function slidingLog.decode(n, now, p)
    local s = slidingLog.fresh(now, p)
    if n[1] and n[1] > 0 then s.windowMs = n[1] end
    for index = 2, #n, 2 do
      local cost = n[index + 1] or 0
      s.at[index / 2], s.cost[index / 2] = n[index], cost
      s.used = grown(s.used, cost)
    end
    return s
  end

  function slidingLog.encode(s)
    local texts, leftMs = { string.format('%.0f', s.windowMs) }, newest(s) - s.windowMs
    for index = s.head, #s.at do
      if s.at[index] > leftMs then texts[#texts + 1] = string.format('%.0f,%.0f', s.at[index], s.cost[index]) end
    end
    return table.concat(texts, ',')
  end

  function slidingLog.adopt(s, now, p)
    local ahead = newest(s) - now
    if ahead > p.patience then
      for index = s.head, #s.at do s.at[index] = s.at[index] - ahead end
    end
    if s.windowMs == p.windowMs then return ahead > p.patience end
    local leftMs, live = standing(s, now) - s.windowMs, slidingLog.fresh(now, p)
    for index = s.head, #s.at do
      if s.at[index] > leftMs then
        table.insert(live.at, s.at[index])
        table.insert(live.cost, s.cost[index])
        live.used = grown(live.used, s.cost[index])
      end
    end
    s.at, s.cost, s.head, s.used, s.windowMs = live.at, live.cost, 1, live.used, p.windowMs
    return true
  end

  function slidingLog.look(s, now, cost, p)
    local leftMs = standing(s, now) - p.windowMs
    local head, used = s.head, s.used
    while head <= #s.at and s.at[head] <= leftMs do
      used = used - s.cost[head]
      head = head + 1
    end
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, p.limit - used), cost)
    local last = charged > 0 and standing(s, now) or newest(s)
    local resetMs = used + charged > 0 and last + p.windowMs - now or 0
    if allowed or cost > p.limit then return allowed, remaining, retryAfterMs, resetMs end
    local missing = cost - (p.limit - used) - s.cost[head]
    while missing > 0 do
      head = head + 1
      missing = missing - s.cost[head]
    end
    return allowed, remaining, s.at[head] + p.windowMs - now, resetMs
  end

  function slidingLog.charge(s, now, cost, p)
    prune(s, now)
    local at, last = standing(s, now), #s.at
    if last >= s.head and s.at[last] == at then
      s.cost[last] = grown(s.cost[last], cost)
    else
      table.insert(s.at, at)
      table.insert(s.cost, cost)
    end
    s.used = grown(s.used, cost)
  end

  function slidingLog.refund(s, now, cost, at)
    local counts = lastIndexOf(s, at) >= s.head and at > standing(s, now) - s.windowMs
    if not counts then return end
    prune(s, now)
    local index = lastIndexOf(s, at)
    local counted = s.cost[index]
    s.used = s.used - math.min(cost, counted)
    if cost < counted then
      s.cost[index] = counted - cost
    else
      table.remove(s.at, index)
      table.remove(s.cost, index)
    end
  end

  function slidingLog.ttl(s, now)
    return s.used > 0 and newest(s) + s.windowMs - now or 0
  end
end
`,
}
