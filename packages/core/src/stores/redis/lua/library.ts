/**
 * What the twins share, ahead of them all. Scripts define everything anew at each call, so a function is as much as it
 * costs to define: those that run once or twice ask for `math.floor` where they need it, instead of keeping it.
 *
 * `%` of Lua 5.1 divides and rounds, where JavaScript's is exact: `math.fmod` is. Numbers become text by `%.0f` only:
 * `tostring` and `..` keep 14 digits.
 */
export const library = `local floor, max, min = math.floor, math.max, math.min
local SAFE = 9007199254740991

-- The whole numbers of a text; none, unless it is what a twin writes. Short texts are read at once, which is faster.
local function numbers(text)
  local a, b, c, comma, d = string.match(text, '^(%d+),(%d+),(%d+)(,?)(%d*)$')
  local list
  if a and comma == '' then
    list = { a, b, c }
  elseif a and d ~= '' then
    list = { a, b, c, d }
  else
    list = {}
    local length = -1
    for digits in string.gmatch(text, '%d+') do
      list[#list + 1] = digits
      length = length + #digits + 1
    end
    if length ~= #text or string.find(text, '[^%d,]') then return {} end
  end
  for index = 1, #list do
    local digits = list[index]
    local number = tonumber(digits)
    if number > SAFE or (digits < '1' and digits ~= '0') then return {} end
    list[index] = number
  end
  return list
end

local function grown(used, cost)
  return math.min(used + cost, SAFE)
end

-- allowed, remaining, retryAfterMs, charged
local function answer(free, cost)
  if cost <= free then return true, free - cost, 0, cost end
  return false, free, -1, 0
end
`
