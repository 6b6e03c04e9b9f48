import type { Twin } from './twin.ts'

/** The twin of `algorithms/prepaid.ts`. It also has `add(s, units)`, for the script that grants. */
export const prepaid: Twin = {
  params: [],
  lua: `local prepaid = {}
do
  function prepaid.fresh()
    return { granted = 0, used = 0 }
  end

  function prepaid.decode(n)
    if #n ~= 2 then return prepaid.fresh() end
    return { granted = n[1], used = n[2] }
  end

  function prepaid.encode(s)
    return string.format('%.0f,%.0f', s.granted, s.used)
  end

  function prepaid.adopt()
    return false
  end

  function prepaid.look(s, _, cost)
    local allowed, remaining, retryAfterMs, charged = answer(math.max(0, s.granted - s.used), cost)
    local resetMs = s.used + charged > 0 and -1 or 0
    return allowed, remaining, retryAfterMs, resetMs, s.granted
  end

  function prepaid.charge(s, _, cost)
    if s.granted > 0 then s.used = grown(s.used, cost) end
  end

  function prepaid.refund(s, _, cost)
    local back = math.min(s.used, cost)
    s.used = s.used - back
    s.granted = grown(s.granted, cost - back)
  end

  function prepaid.add(s, units)
    local left = math.max(0, s.granted - s.used)
    s.used = math.max(0, s.used - s.granted)
    s.granted = left + units
  end

  function prepaid.ttl(s)
    return s.granted > 0 and math.huge or 0
  end
end
`,
}
