const told = new Set<string>()

/** Tells the operator once a process; once for all texts of one `subject`. Nothing secret goes into a warning. */
export function warnOnce(text: string, subject: string = text): void {
  if (told.has(subject)) return
  told.add(subject)
  console.warn(`[sluice] ${text}`)
}
