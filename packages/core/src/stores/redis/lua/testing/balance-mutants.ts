import type { Mutant } from './mutants.ts'

/** Of `prepaid`, noticed by dealings with a balance. */
export const prepaidMutants: readonly Mutant[] = [
  ['if #n ~= 2', 'if #n < 2'],
  ['answer(math.max(0, s.granted - s.used), cost)', 'answer(s.granted - s.used, cost)'],
  ['s.used + charged > 0 and -1 or 0', 's.used > 0 and -1 or 0'],
  ['resetMs, s.granted', 'resetMs'],
  ['s.used = grown(s.used, cost)', 's.used = s.used + cost'],
  ['math.min(s.used, cost)', 'cost'],
  ['grown(s.granted, cost - back)', 's.granted'],
  ['grown(s.granted, cost - back)', 's.granted + cost - back'],
  ['math.max(0, s.used - s.granted)', '0'],
  ['local left = math.max(0, s.granted - s.used)', 'local left = s.granted - s.used'],
  ['if s.granted > 0 then', 'if true then'],
  ['math.huge or 0', 'math.huge or math.huge'],
]

/** Of the script that grants. */
export const grantMutants: readonly Mutant[] = [
  ['1 - call(', '1 or call('],
  ['units > SAFE -', 'units >= SAFE -'],
  ['units > SAFE - max(0, s.granted - s.used)', 'units > SAFE - s.granted'],
  ["call('SADD', KEYS[2], ARGV[1])", ''],
  ['prepaid.add(s, units)\ncall', 'call'],
  ["call('SET', KEYS[1], prepaid.encode(s))", ''],
  ["call('SET', KEYS[1], prepaid.encode(s))", "call('SET', KEYS[1], prepaid.encode(s), 'PX', 1)"],
  ['figure(s.granted)', 'figure(units)'],
  ['figure(max(0, s.granted - s.used))', 'figure(s.granted)'],
]
