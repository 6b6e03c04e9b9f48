import type { Twin } from './twin.ts'

/** The twin of `algorithms/concurrency.ts`. Lua's lists begin at 1. */
export const concurrency: Twin = {
  params: ['limit', 'ttlMs'],
  lua: `local concurrency = {}
do
  local function last(s)
    return s.expiry[#s.expiry] or 0
  end

  local function firstHeld(s, now)
    local index = 1
    while index <= #s.expiry and s.expiry[index] <= now do index = index + 1 end
    return index
  end

  local function free(s, index)
    table.remove(s.expiry, index)
    table.remove(s.ttl, index)
    table.remove(s.count, index)
  end

  function concurrency.fresh()
    return { expiry = {}, ttl = {}, count = {} }
  end

  function concurrency.decode(n)
    local s = concurrency.fresh()
    if math.fmod(#n, 3) > 0 then return s end
    for index = 1, #n / 3 do
      s.expiry[index], s.ttl[index], s.count[index] = n[index * 3 - 2], n[index * 3 - 1], n[index * 3]
    end
    return s
  end

  function concurrency.encode(s)
    local texts = {}
    for index = 1, #s.expiry do
      texts[index] = string.format('%.0f,%.0f,%.0f', s.expiry[index], s.ttl[index], s.count[index])
    end
    return table.concat(texts, ',')
  end

  function concurrency.adopt(s, now)
    local ofMs = s.ttl[#s.ttl] or 0
    local ahead = last(s) - now - ofMs
    if ahead <= math.max(ofMs, 60000) then return false end
    for index = 1, #s.expiry do s.expiry[index] = s.expiry[index] - ahead end
    return true
  end

  function concurrency.look(s, now, cost, p)
    local index, held = firstHeld(s, now), 0
    for at = index, #s.count do held = grown(held, s.count[at]) end
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, p.limit - held), cost)
    local to = charged > 0 and math.max(last(s), now + p.ttlMs) or last(s)
    local resetMs = held + charged > 0 and to - now or 0
    if allowed or cost > p.limit then return allowed, remaining, retryAfterMs, resetMs end
    local missing = cost - (p.limit - held) - s.count[index]
    while missing > 0 do
      index = index + 1
      missing = missing - s.count[index]
    end
    return allowed, remaining, s.expiry[index] - now, resetMs
  end

  function concurrency.charge(s, now, cost, p)
    for _ = 2, firstHeld(s, now) do free(s, 1) end
    local expiry = now + p.ttlMs
    local index = #s.expiry + 1
    while index > 1 and s.expiry[index - 1] > expiry do index = index - 1 end
    local before = index - 1
    if s.expiry[before] == expiry and s.ttl[before] == p.ttlMs then
      s.count[before] = grown(s.count[before], cost)
    else
      table.insert(s.expiry, index, expiry)
      table.insert(s.ttl, index, p.ttlMs)
      table.insert(s.count, index, cost)
    end
  end

  function concurrency.refund(s, now, cost, at)
    for index = 1, #s.expiry do
      if s.expiry[index] > now and s.expiry[index] - s.ttl[index] == at then
        local left = s.count[index] - cost
        if left > 0 then s.count[index] = left else free(s, index) end
        return
      end
    end
  end

  function concurrency.ttl(s, now)
    return #s.expiry > 0 and last(s) - now or 0
  end
end
`,
}
