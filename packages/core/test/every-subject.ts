import {
  calendar,
  cells,
  fixed,
  leaky,
  log,
  sliding,
  slots,
  strict,
  token,
  type Subject,
} from './subjects.ts'

/** Does the same for each algorithm; a list could not keep what parameters each has. */
export function everySubject(act: <P>(subject: Subject<P>) => void): void {
  act(fixed)
  act(sliding)
  act(strict)
  act(log)
  act(token)
  act(leaky)
  act(cells)
  act(calendar)
  act(slots)
}
