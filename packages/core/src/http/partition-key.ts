import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'

/** The secret must be too long to be guessed: whoever knows it can look for the key behind a `pk`. */
const MIN_SECRET_BYTES = 16

/**
 * Makes partition keys that reveal nothing: base64 of the first 9 bytes of HMAC-SHA-256 under a secret of at
 * least 16 bytes. An unsalted hash would not do: there are only 2^32 IPv4 addresses.
 * @throws RangeError when the secret is shorter
 */
export function hmacPartitionKey(secret: string | Uint8Array): (key: string) => string {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (bytes.length < MIN_SECRET_BYTES) {
    throw new RangeError(`secret must be at least ${MIN_SECRET_BYTES} bytes, got ${bytes.length}`)
  }
  const keyed = hmac.create(sha256, bytes)
  return remembered((key) => base64(keyed.clone().update(key).digest().subarray(0, 9)))
}

/** What stands for a secret value in keys, stores and logs: 22 characters of base64url, 128 bits of SHA-256. */
export const hashSecret: (value: string) => string = remembered((value) => {
  const text = base64(sha256(value).subarray(0, 16))
  return text.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_')
})

/** At most this many texts of at most this length are kept: 1 MB if a client does its worst. */
const MAX_REMEMBERED = 500
const MAX_LENGTH = 2000

/** Keeps results from one request to the next: a hash takes microseconds, which is longer than a decision. */
function remembered(compute: (text: string) => string): (text: string) => string {
  const results = new Map<string, string>()
  return (text) => {
    let result = results.get(text)
    if (result === undefined) {
      result = compute(text)
      if (results.size >= MAX_REMEMBERED) results.clear()
      if (text.length <= MAX_LENGTH) results.set(text, result)
    }
    return result
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
