const told = new Set<string>()

/** Tells the operator once a process. Nothing secret goes into a warning. */
export function warnOnce(text: string): void {
  if (told.has(text)) return
  told.add(text)
  console.warn(`[sluice] ${text}`)
}
