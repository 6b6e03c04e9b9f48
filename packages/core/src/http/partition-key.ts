import { hmac } from '@noble/hashes/hmac'
import { sha256 } from '@noble/hashes/sha2'

/** The secret must be too long to be guessed: whoever knows it can look for the key behind a `pk`. */
const minSecretBytes = 16

/**
 * Makes partition keys that reveal nothing: base64 of the first 9 bytes of HMAC-SHA-256 under a secret of at
 * least 16 bytes (else a RangeError). An unsalted hash would not do: there are only 2^32 IPv4 addresses.
 */
export function hmacPartitionKey(secret: string | Uint8Array): (key: string) => string {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret
  if (bytes.length < minSecretBytes) {
    throw new RangeError(`secret must be at least ${minSecretBytes} bytes, got ${bytes.length}`)
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
const maxRemembered = 500
const maxLength = 2000

/** Keeps results from one request to the next: a hash takes microseconds, which is longer than a decision. */
function remembered(compute: (text: string) => string): (text: string) => string {
  const results = new Map<string, string>()
  return (text) => {
    let result = results.get(text)
    if (result === undefined) {
      result = compute(text)
      if (results.size >= maxRemembered) results.clear()
      if (text.length <= maxLength) results.set(text, result)
    }
    return result
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
