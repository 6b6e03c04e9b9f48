import type { Twin } from './twin.ts'

/** The twin of `algorithms/fixed-window.ts`. `clock` is 1 where windows start at whole multiples, else 0. */
export const fixedWindow: Twin = {
  params: ['limit', 'windowMs', 'clock', 'patience'],
  lua: `local fixedWindow = {}
do
  local function opens(now, p)
    return p.clock == 1 and now - math.fmod(now, p.windowMs) or now
  end

  local function runs(s, now)
    return s.used > 0 and now < s.start + s.windowMs
  end

  function fixedWindow.fresh(now, p)
    return { start = opens(now, p), used = 0, windowMs = p.windowMs }
  end

  function fixedWindow.decode(n, now, p)
    if #n ~= 3 or n[3] == 0 then return fixedWindow.fresh(0, p) end
    return { start = n[1], used = n[2], windowMs = n[3] }
  end

  function fixedWindow.encode(s)
    return string.format('%.0f,%.0f,%.0f', s.start, s.used, s.windowMs)
  end

  function fixedWindow.adopt(s, now, p)
    local isFuture = s.start - now > p.patience
    if isFuture then s.start = now end
    local ofMs = opens(s.start, p) + p.windowMs - s.start
    if s.windowMs == ofMs then return isFuture end
    if not runs(s, now) then s.used = 0 end
    s.windowMs = ofMs
    return true
  end

  function fixedWindow.look(s, now, cost, p)
    local running = runs(s, now)
    local used = running and s.used or 0
    local leftMs = (running and s.start + s.windowMs or opens(now, p) + p.windowMs) - now
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, p.limit - used), cost)
    local resetMs = used + charged > 0 and leftMs or 0
    if not allowed and cost <= p.limit then retryAfterMs = leftMs end
    return allowed, remaining, retryAfterMs, resetMs
  end

  function fixedWindow.charge(s, now, cost, p)
    if not runs(s, now) then s.start, s.used, s.windowMs = opens(now, p), 0, p.windowMs end
    s.used = grown(s.used, cost)
  end

  function fixedWindow.refund(s, now, cost, at)
    local counted = runs(s, now) and at >= s.start and at < s.start + s.windowMs
    if counted then s.used = math.max(0, s.used - cost) end
  end

  function fixedWindow.ttl(s, now)
    return s.used > 0 and s.start + s.windowMs - now or 0
  end
end
`,
}
