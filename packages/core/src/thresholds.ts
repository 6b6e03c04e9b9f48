import { refuse } from './check.ts'

/**
 * The thresholds that `warnAt` says, the lowest first, each once.
 * @throws TypeError, RangeError
 */
export function parseThresholds(option: string, value: unknown): readonly number[] {
  const list: readonly unknown[] = value === undefined ? [] : [value].flat()
  for (const threshold of list)
    if (!(typeof threshold === 'number' && threshold > 0 && threshold <= 1))
      refuse(option, 'above 0 and at most 1, or a list of such numbers', threshold, 'number')
  return [...new Set(list as readonly number[])].toSorted((a, b) => a - b)
}

/**
 * Whether so many units are a threshold's part of a limit, or more: exactly, for the decimal that was written. In doubles
 * 0.07 of 100 are 7.000000000000001.
 */
export function reaches(used: number, threshold: number, limit: number): boolean {
  if (used <= 0) return false
  const about = threshold * limit
  // Both factors and the product are rounded, each by less than a part of 2^52.
  if (Math.abs(used - about) > 1 + about * 2 ** -50) return used > about
  // What another store may tell.
  if (!Number.isInteger(used) || !Number.isInteger(limit)) return used >= about
  const [digits = '', exponent = '0'] = String(threshold).split('e')
  const [whole = '', decimals = ''] = digits.split('.')
  const scale = BigInt(10) ** BigInt(decimals.length - Number(exponent))
  return BigInt(used) * scale >= BigInt(whole + decimals) * BigInt(limit)
}
