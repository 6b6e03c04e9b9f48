import type { Twin } from './twin.ts'

/**
 * The twin of `algorithms/calendar-window.ts`. It has no calendar but periods of it, from edge to edge. Those from `e1`
 * to `e6` tell what holds any instant from `e1` to before `e6`, and TypeScript asks its calendar for two alone: `now`,
 * and the start of a state unless that is further ahead than `patience` or before the end of the period of `now`.
 * So every answer is TypeScript's where `e1 <= now` and `now + patience < e6`. The periods that `e0`, `e7` and `e8` add are
 * neighbours of those, which matter only where quotas roll over (`most` above 0).
 */
export const calendarWindow: Twin = {
  params: ['limit', 'patience', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'most', 'e0', 'e7', 'e8'],
  lua: `local calendarWindow = {}
do
  -- Start and end of a period, until when its charges matter, where the one before begins and the next one ends.
  local function around(at, p)
    local e1, e2, e3, e4, e5 = p.e0, p.e1, p.e2, p.e3, p.e4
    if at >= p.e5 then e1, e2, e3, e4, e5 = p.e4, p.e5, p.e6, p.e7, p.e8
    elseif at >= p.e4 then e1, e2, e3, e4, e5 = p.e3, p.e4, p.e5, p.e6, p.e7
    elseif at >= p.e3 then e1, e2, e3, e4, e5 = p.e2, p.e3, p.e4, p.e5, p.e6
    elseif at >= p.e2 then e1, e2, e3, e4, e5 = p.e1, p.e2, p.e3, p.e4, p.e5 end
    return e2, e3, p.most > 0 and e5 or e3, e1, e4
  end

  local function holdsAny(s)
    return s.used > 0 or s.before > 0
  end

  local function carriedFrom(before, p)
    if before == 0 then return 0 end
    return min(p.most, max(0, p.limit - (before - 1)))
  end

  local function ageOf(s, now, p)
    if not holdsAny(s) then return 3 end
    if now < s['end'] then return 0 end
    local from, to, _, previous, next = around(now, p)
    if from == s['end'] and next == s['until'] then return 1 end
    return previous == s['end'] and to == s['until'] and 2 or 3
  end

  local function beforeAt(s, age, p)
    if age == 0 then return s.before end
    if age == 1 then return grown(max(0, s.used - carriedFrom(s.before, p)), 1) end
    return age == 2 and 1 or 0
  end

  local function waitMs(s, now, cost, age, to, p)
    if cost <= p.limit + carriedFrom(beforeAt(s, age + 1, p), p) then return to - now end
    if age > 0 or cost > p.limit + p.most then return -1 end
    local _, _, _, _, next = around(max(now, s.start), p)
    return next - now
  end

  function calendarWindow.covers(now, p)
    return p.e1 <= now and now + p.patience < p.e6
  end

  function calendarWindow.fresh(now, p)
    local from, to, ends = around(now, p)
    return { start = from, ['end'] = to, used = 0, before = 0, ['until'] = ends }
  end

  function calendarWindow.decode(n)
    if #n == 3 then return { start = n[1], ['end'] = n[2], used = n[3], before = 0, ['until'] = n[2] } end
    if #n == 5 and n[5] > n[2] then
      return { start = n[1], ['end'] = n[2], used = n[3], before = n[4], ['until'] = n[5] }
    end
    return { start = 0, ['end'] = 0, used = 0, before = 0, ['until'] = 0 }
  end

  function calendarWindow.encode(s)
    if s['until'] > s['end'] then
      return string.format('%.0f,%.0f,%.0f,%.0f,%.0f', s.start, s['end'], s.used, s.before, s['until'])
    end
    return string.format('%.0f,%.0f,%.0f', s.start, s['end'], s.used)
  end

  function calendarWindow.adopt(s, now, p)
    if not holdsAny(s) or now >= s['end'] then return false end
    local isFuture = s.start - now > p.patience
    local from, to, ends = around(now, p)
    if not isFuture and s.start >= to then from, to, ends = around(s.start, p) end
    if not isFuture and s.start >= from and s['end'] == to and s['until'] == ends then return false end
    if s.start < from then s.used = 0 end
    s.start = isFuture and from or max(s.start, from)
    s['end'] = to
    s.before = 0
    s['until'] = ends
    return true
  end

  function calendarWindow.look(s, now, cost, p)
    local age = ageOf(s, now, p)
    local used = age == 0 and s.used or 0
    local quota = p.limit + carriedFrom(beforeAt(s, age, p), p)
    local _, to = around(now, p)
    if age == 0 then to = s['end'] end
    local allowed, remaining, retryAfterMs, charged = answer(max(0, quota - used), cost)
    local resetMs = used + charged > 0 and to - now or 0
    if not allowed then retryAfterMs = waitMs(s, now, cost, age, to, p) end
    return allowed, remaining, retryAfterMs, resetMs, p.most > 0 and quota or nil
  end

  function calendarWindow.charge(s, now, cost, p)
    local age = ageOf(s, now, p)
    if age > 0 then
      s.before = beforeAt(s, age, p)
      s.start, s['end'], s['until'] = around(now, p)
      s.used = 0
    end
    s.used = grown(s.used, cost)
  end

  function calendarWindow.refund(s, now, cost, at)
    local counted = now < s['end'] and at >= s.start and at < s['end']
    if counted then s.used = max(0, s.used - cost) end
  end

  function calendarWindow.ttl(s, now)
    return holdsAny(s) and s['until'] - now or 0
  end
end
`,
}
