import type { Twin } from './twin.ts'

/**
 * The twin of `algorithms/calendar-window.ts`. It has no calendar but five periods of it, from edge to edge `e1` to
 * `e6`. They tell what holds any instant from `e1` to before `e6`, and TypeScript asks its calendar for two alone: `now`,
 * and the start of a state unless that is further ahead than `patience` or before the end of the period of `now`.
 * So every answer is TypeScript's where `e1 <= now` and `now + patience < e6`.
 */
export const calendarWindow: Twin = {
  params: ['limit', 'patience', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6'],
  lua: `local calendarWindow = {}
do
  local function periodOf(now, p)
    if now < p.e2 then return p.e1, p.e2 end
    if now < p.e3 then return p.e2, p.e3 end
    if now < p.e4 then return p.e3, p.e4 end
    if now < p.e5 then return p.e4, p.e5 end
    return p.e5, p.e6
  end

  local function runs(s, now)
    return s.used > 0 and now < s['end']
  end

  function calendarWindow.covers(now, p)
    return p.e1 <= now and now + p.patience < p.e6
  end

  function calendarWindow.fresh(now, p)
    local from, to = periodOf(now, p)
    return { start = from, ['end'] = to, used = 0 }
  end

  function calendarWindow.decode(n, now, p)
    if #n ~= 3 then return { start = 0, ['end'] = 0, used = 0 } end
    return { start = n[1], ['end'] = n[2], used = n[3] }
  end

  function calendarWindow.encode(s)
    return string.format('%.0f,%.0f,%.0f', s.start, s['end'], s.used)
  end

  function calendarWindow.adopt(s, now, p)
    local isFuture = s.start - now > p.patience
    local from, to = periodOf(now, p)
    if not isFuture and s.start >= to then from, to = periodOf(s.start, p) end
    if (not isFuture and s.start >= from and s['end'] == to) or not runs(s, now) then return false end
    if s.start < from then s.used = 0 end
    s.start = isFuture and from or math.max(s.start, from)
    s['end'] = to
    return true
  end

  function calendarWindow.look(s, now, cost, p)
    local running = runs(s, now)
    local used = running and s.used or 0
    local _, to = periodOf(now, p)
    local leftMs = (running and s['end'] or to) - now
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, p.limit - used), cost)
    local resetMs = used + charged > 0 and leftMs or 0
    if not allowed and cost <= p.limit then retryAfterMs = leftMs end
    return allowed, remaining, retryAfterMs, resetMs
  end

  function calendarWindow.charge(s, now, cost, p)
    if not runs(s, now) then
      s.start, s['end'] = periodOf(now, p)
      s.used = 0
    end
    s.used = grown(s.used, cost)
  end

  function calendarWindow.refund(s, now, cost, at)
    local counted = runs(s, now) and at >= s.start and at < s['end']
    if counted then s.used = math.max(0, s.used - cost) end
  end

  function calendarWindow.ttl(s, now)
    return s.used > 0 and s['end'] - now or 0
  end
end
`,
}
