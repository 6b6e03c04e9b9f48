import { knownOptions, refuse, wholeNumber } from '../check.ts'
import { type Cidr, cidrSet, parseCidrs } from './cidr-set.ts'

/** What is on a list, or shall be. */
export interface ClientListEntries {
  /** IP addresses, CIDR ranges, or `'loopback'`. Default `[]`. */
  addresses?: readonly string[]
  /**
   * Keys of 1 to 256 characters, as decisions show them: `'user:42'`, or what `ipKey()` and `headerKey()` give.
   * Default `[]`.
   */
  keys?: readonly string[]
}

/** The addresses and ranges of a list, in canonical form. */
export interface AddressSet extends Iterable<string> {
  /** How many entries there are: a range is one. */
  readonly size: number
  /** Whether an address is an entry, or in a range that is one. */
  has(address: string | undefined): boolean
}

/** A list of clients for `skip` and `deny`, which may change at any time: the next request goes by it. */
export interface ClientList {
  readonly addresses: AddressSet
  readonly keys: ReadonlySet<string>
  /**
   * Adds entries.
   * @throws TypeError, RangeError for what is neither address nor key; nothing has changed then
   */
  add(entries: ClientListEntries): void
  /**
   * Removes entries; what is not there is no error. A range goes as a whole: an address cannot be taken out of it.
   * @throws TypeError, RangeError for what is neither address nor key; nothing has changed then
   */
  remove(entries: ClientListEntries): void
  /**
   * Puts these entries in the place of all others.
   * @throws TypeError, RangeError for what is neither address nor key; nothing has changed then
   */
  replace(entries: ClientListEntries): void
}

/** A longer key is kept as its hash, so that no request would ever have it. */
const MAX_KEY_LENGTH = 256

/**
 * Makes a list of clients that `skip` and `deny` take and that can change while the app runs: by address, and by the
 * keys that a request is charged by, whichever policy of the middleware that is. It is this process's own; several
 * middlewares may share it. A look at it takes as long for 100,000 addresses as for one.
 * @throws TypeError, RangeError for options that are unknown, and for what is neither address nor key
 */
export function clientList(entries: ClientListEntries = {}): ClientList {
  const addresses = cidrSet()
  const keys = new Set<string>()
  const add = (parsed: ParsedEntries): void => {
    for (const cidr of parsed.cidrs) addresses.add(cidr)
    for (const key of parsed.keys) keys.add(key)
  }
  add(parse(entries))

  return {
    addresses: {
      get size() {
        return addresses.size
      },
      has: addresses.has,
      [Symbol.iterator]: addresses[Symbol.iterator],
    },
    keys,
    add: (more) => add(parse(more)),
    remove(fewer) {
      const parsed = parse(fewer)
      for (const cidr of parsed.cidrs) addresses.delete(cidr)
      for (const key of parsed.keys) keys.delete(key)
    },
    replace(others) {
      const parsed = parse(others)
      addresses.clear()
      keys.clear()
      add(parsed)
    },
  }
}

interface ParsedEntries {
  readonly cidrs: readonly Cidr[]
  readonly keys: readonly string[]
}

/** Checks all before anything changes. */
function parse(entries: ClientListEntries): ParsedEntries {
  knownOptions('clientList', entries, ['addresses', 'keys'])
  const { addresses = [], keys = [] } = entries
  if (!Array.isArray(addresses)) refuse('addresses', 'a list of addresses and CIDR ranges', addresses)
  if (!Array.isArray(keys)) refuse('keys', 'a list of keys', keys)
  for (const key of keys) {
    if (typeof key !== 'string') refuse('keys', "a list of keys such as 'user:42'", key)
    // It may be a secret that somebody took for its key, so that nothing of it is shown.
    wholeNumber('the length of each of keys', key.length, 1, MAX_KEY_LENGTH)
  }
  return { cidrs: parseCidrs('addresses', addresses), keys }
}
