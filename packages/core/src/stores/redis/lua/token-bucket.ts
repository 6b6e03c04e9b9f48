import type { Twin } from './twin.ts'

/** The twin of `algorithms/bucket.ts`. */
export const tokenBucket: Twin = {
  params: ['full', 'unit', 'refill', 'patience'],
  lua: `local tokenBucket = {}
do
  local function usedAt(s, now)
    return math.max(0, s.used - math.max(0, now - s.at) * s.refill)
  end

  local function drain(s, now)
    if s.used > 0 and s.at > now then return end
    s.used = usedAt(s, now)
    s.at = now
  end

  function tokenBucket.fresh(now, p)
    return { used = 0, at = now, unit = p.unit, refill = p.refill }
  end

  function tokenBucket.decode(n, now, p)
    if #n ~= 4 or n[3] == 0 or n[4] == 0 then return tokenBucket.fresh(0, p) end
    return { used = n[1], at = n[2], unit = n[3], refill = n[4] }
  end

  function tokenBucket.encode(s)
    return string.format('%.0f,%.0f,%.0f,%.0f', s.used, s.at, s.unit, s.refill)
  end

  function tokenBucket.adopt(s, now, p)
    local isFuture = s.at - now > p.patience
    if isFuture then s.at = now end
    if s.unit == p.unit and s.refill == p.refill then return isFuture end
    drain(s, now)
    local parts = s.used * p.unit
    local used
    if parts <= SAFE then
      used = parts / s.unit
    else
      used = (s.used / s.unit) * p.unit * (1 + 2 ^ -50)
    end
    s.used = grown(0, math.ceil(used))
    s.unit = p.unit
    s.refill = p.refill
    return true
  end

  function tokenBucket.look(s, now, cost, p)
    local used = usedAt(s, now)
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, math.floor((p.full - used) / p.unit)), cost)
    local ahead = 0
    if s.used > 0 then ahead = math.max(0, s.at - now) end
    if not allowed and cost <= p.full / p.unit then
      retryAfterMs = ahead + math.ceil((used - (p.full - cost * p.unit)) / p.refill)
    end
    return allowed, remaining, retryAfterMs, ahead + math.ceil((used + charged * p.unit) / p.refill)
  end

  function tokenBucket.charge(s, now, cost, p)
    drain(s, now)
    s.used = grown(s.used, cost * p.unit)
  end

  function tokenBucket.refund(s, now, cost, at)
    drain(s, now)
    local trace = grown(0, cost * s.unit) - math.max(0, now - at) * s.refill
    s.used = math.max(0, s.used - math.max(0, trace))
  end

  function tokenBucket.ttl(s, now)
    return s.used > 0 and s.at + math.ceil(s.used / s.refill) - now or 0
  end
end
`,
}
