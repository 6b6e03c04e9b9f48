const told = new Set<string>()

/** Tells the operator once a process. Nothing secret goes into a warning. */
export function warnOnce(id: string, text: string): void {
  if (told.has(id)) return
  told.add(id)
  console.warn(`[sluice] ${text}`)
}
