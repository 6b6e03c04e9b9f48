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
  return (key) => base64(keyed.clone().update(key).digest().subarray(0, 9))
}

/** What stands for a secret value in keys, stores and logs: 22 characters of base64url, 128 bits of SHA-256. */
export function hashSecret(value: string): string {
  const text = base64(sha256(value).subarray(0, 16))
  return text.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_')
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
