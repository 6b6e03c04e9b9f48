import { refuse } from '../../check.ts'
import type { MaybePromise } from '../../maybe-promise.ts'

/** What the protocol allows a key, in bytes. */
export const LONGEST_KEY = 250

/** Room for what is put behind an item's key: see `explainedKey`. */
const SUFFIX_ROOM = 12

/** A digest in hex, and the mark before it. */
const DIGEST_ROOM = 66

/** Digests that are remembered: keys that are long are rare, and those that are hot are few. */
const MOST_DIGESTS = 1000

/** Turns a partition key of a policy into the key of its item. */
export interface ItemKeys {
  /** What the keys of all items of a policy and kind begin with, unless they are too long. */
  stem(policy: string, kind: string): string
  /** The item's key: at once, or after hashing where it would be too long. */
  keyOf(stem: string, key: string): MaybePromise<string>
  /** A key that no item of a state has. */
  reserved(name: string): string
}

/**
 * The item keys under a prefix: `prefix:policy:kind:key`, each part encoded so that no two states share a key and
 * no key has blanks, control characters or more than `room` bytes.
 *
 * @throws TypeError, RangeError when the prefix is no text or leaves no room
 */
export function itemKeys(prefix: unknown, room: number): ItemKeys {
  if (typeof prefix !== 'string') refuse('prefix', 'text', prefix)
  const start = `${encoded(prefix)}:`
  const most = room - SUFFIX_ROOM
  if (start.length + DIGEST_ROOM > most)
    refuse('prefix', `at most ${Math.max(0, most - DIGEST_ROOM - 1)} bytes when encoded`, prefix, 'string')
  const digests = new Map<string, Promise<string>>()

  /** `%` is followed by four hexadecimal digits in every other key, so no key can pose as a digest. */
  function hashed(long: string): Promise<string> {
    let digest = digests.get(long)
    if (digest === undefined) {
      if (digests.size >= MOST_DIGESTS) digests.clear()
      digest = sha256(long).then((hex) => `${start}%#${hex}`)
      digests.set(long, digest)
    }
    return digest
  }

  return {
    stem: (policy, kind) => `${start}${encoded(policy)}:${encoded(kind)}:`,
    keyOf(stem, key) {
      const plain = stem + encoded(key)
      return plain.length <= most ? plain : hashed(plain)
    },
    reserved: (name) => `${start}%${name}`,
  }
}

/** The key of the item that explains a tag: what `%` is followed by occurs in no other key. */
export const explainedKey = (itemKey: string, tag: number): string => `${itemKey}%w${tag}`

/**
 * Printable ASCII stays, other characters become `%` and their four hexadecimal digits, one UTF-16 unit after the
 * other: half of a surrogate pair is a key like any other. `:` is what parts are joined with; `$` means something
 * to clients that put keys into commands by `String.replace`.
 */
const encoded = (part: string): string =>
  part.replace(/[^!"#&-9;-~]/g, (unit) => `%${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
