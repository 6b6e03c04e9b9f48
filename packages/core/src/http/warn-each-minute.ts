const MINUTE_MS = 60_000

/** Until when a text is not told again, by `performance.now()`. */
const quietUntil = new Map<string, number>()

/** Tells the operator, at most once a minute, whoever has the same to say. Nothing secret goes into a warning. */
export function warnEachMinute(text: string): void {
  const now = performance.now()
  if (now < (quietUntil.get(text) ?? 0)) return
  quietUntil.set(text, now + MINUTE_MS)
  console.warn(`[sluice] ${text}`)
}
