import type { Twin } from './twin.ts'

/** The twin of `algorithms/sliding-window-weighted.ts`. */
export const slidingWindow: Twin = {
  params: ['limit', 'steps', 'stepMs', 'patience'],
  lua: `local slidingWindow = {}
do
  local function startOf(at, ofMs)
    return at - math.fmod(at, ofMs)
  end

  local function windowsTo(s, ms)
    return math.floor((ms - startOf(s.at, s.windowMs)) / s.windowMs)
  end

  -- at, prev, cur
  local function rolled(s, now)
    local windows = windowsTo(s, now)
    if windows < 1 then return s.at, s.prev, s.cur end
    return now, windows < 2 and s.cur or 0, 0
  end

  function slidingWindow.fresh(now, p)
    return { at = now, prev = 0, cur = 0, windowMs = p.steps * p.stepMs }
  end

  function slidingWindow.decode(n, now, p)
    if #n ~= 4 or n[4] == 0 then return slidingWindow.fresh(0, p) end
    return { at = n[1], prev = n[2], cur = n[3], windowMs = n[4] }
  end

  function slidingWindow.encode(s)
    return string.format('%.0f,%.0f,%.0f,%.0f', s.at, s.prev, s.cur, s.windowMs)
  end

  function slidingWindow.adopt(s, oldNow, p)
    local spanMs = p.steps * p.stepMs
    local isEmpty = s.prev + s.cur == 0
    local isFuture
    if isEmpty then
      isFuture = s.at > oldNow
    else
      isFuture = startOf(s.at, s.windowMs) - oldNow > p.patience
    end
    if isFuture then s.at = oldNow end
    if s.windowMs == spanMs then return isFuture end
    local now = math.max(oldNow, startOf(s.at, s.windowMs))
    local at, prev, cur = rolled(s, now)
    local product = prev * (startOf(at, s.windowMs) + s.windowMs - now)
    local weight = product <= SAFE and math.ceil(product / s.windowMs) or prev
    s.prev, s.cur, s.windowMs = 0, grown(cur, weight), spanMs
    slidingWindow.adopt(s, oldNow, p)
    return true
  end

  function slidingWindow.look(s, nowMs, cost, p)
    local spanMs = p.steps * p.stepMs
    local now = math.max(nowMs, startOf(s.at, s.windowMs))
    local _, prev, cur = rolled(s, now)
    local passedMs = math.fmod(now, spanMs)
    local left = p.steps - math.floor(passedMs / p.stepMs)
    local leftMs = now - passedMs + spanMs - nowMs
    local free = math.max(0, math.floor(((p.limit - cur) * p.steps - prev * left) / p.steps))
    local allowed, remaining, retryAfterMs, charged = answer(free, cost)
    local resetMs = prev + cur + charged > 0 and leftMs or 0
    if allowed or cost > p.limit then return allowed, remaining, retryAfterMs, resetMs end
    local stepsBefore
    if cur + cost <= p.limit then
      stepsBefore = math.floor(((p.limit - cur - cost) * p.steps) / prev)
    else
      stepsBefore = math.min(0, math.floor(((p.limit - cost) * p.steps) / cur) - p.steps)
    end
    resetMs = leftMs - stepsBefore * p.stepMs
    return allowed, remaining, resetMs, resetMs
  end

  function slidingWindow.charge(s, now, cost, p)
    s.at, s.prev, s.cur = rolled(s, now)
    s.at = math.max(s.at, now)
    s.cur = grown(s.cur, cost)
  end

  function slidingWindow.refund(s, now, cost, at)
    local window = windowsTo(s, at)
    if windowsTo(s, now) - window > 1 then return end
    if window == 0 then s.cur = math.max(0, s.cur - cost) end
    if window == -1 then s.prev = math.max(0, s.prev - cost) end
  end

  function slidingWindow.ttl(s, now)
    local windows = s.cur > 0 and 2 or s.prev > 0 and 1 or 0
    return windows > 0 and startOf(s.at, s.windowMs) + windows * s.windowMs - now or 0
  end
end
`,
}
