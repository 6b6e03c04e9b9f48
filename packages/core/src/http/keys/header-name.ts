import { refuse } from '../../check.ts'

/**
 * The name of a header in lower case. `option` is what the name is called.
 * @throws TypeError for what is no text, RangeError for text that is no name
 */
export function headerName(option: string, name: unknown, must = 'that of a header'): string {
  return typeof name === 'string' && /^[\w!#$%&'*+.^`|~-]+$/.test(name)
    ? name.toLowerCase()
    : refuse(option, must, name, 'string')
}
