import { refuse } from '../check.ts'
import { after, type MaybePromise } from '../maybe-promise.ts'

/** The secret must be too long to be guessed: whoever knows it can look for the key behind a `pk`. */
const MIN_SECRET_BYTES = 16

/**
 * Makes partition keys that reveal nothing: base64 of the first 9 bytes of HMAC-SHA-256 under a secret of at
 * least 16 bytes. An unsalted hash would not do: there are only 2^32 IPv4 addresses. `option` is what the secret is
 * called.
 * @throws RangeError when the secret is shorter
 */
export function hmacPartitionKey(
  secret: string | Uint8Array,
  option: string,
): (key: string) => MaybePromise<string> {
  const bytes = typeof secret === 'string' ? utf8(secret) : new Uint8Array(secret)
  if (bytes.length < MIN_SECRET_BYTES) {
    refuse(option, `at least ${MIN_SECRET_BYTES} bytes`, bytes.length, 'number')
  }
  return (key) => after(sha256(key, bytes), (digest) => digest.slice(0, 12))
}

/** What stands for a secret value in keys, stores and logs: 22 characters of base64url, 132 bits of SHA-256. */
export function hashSecret(value: string): MaybePromise<string> {
  return after(sha256(value), (digest) => digest.slice(0, 22).replaceAll('+', '-').replaceAll('/', '_'))
}

/** What of Node's crypto is used here; Deno and Bun have it too. */
interface NodeCrypto {
  createHash(name: string): NodeHash
  createHmac(name: string, secret: Uint8Array): NodeHash
}

interface NodeHash {
  update(text: string): { digest(encoding: string): string }
}

/**
 * SHA-256 of a text, or HMAC-SHA-256 under a secret, in base64. Where there is Node's crypto the answer comes at once; it
 * is not imported, for edges have only WebCrypto, which gives a promise.
 */
function sha256(text: string, secret?: Uint8Array<ArrayBuffer>): MaybePromise<string> {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => NodeCrypto | undefined }
  }
  const node = process?.getBuiltinModule?.('crypto')
  if (node) {
    const hash = secret ? node.createHmac('sha256', secret) : node.createHash('sha256')
    return hash.update(text).digest('base64')
  }
  return webSha256(utf8(text), secret)
}

async function webSha256(bytes: Uint8Array<ArrayBuffer>, secret?: Uint8Array<ArrayBuffer>): Promise<string> {
  const { subtle } = crypto
  const digest = secret
    ? await subtle.sign(
        'HMAC',
        await subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
        bytes,
      )
    : await subtle.digest('SHA-256', bytes)
  return btoa(String.fromCharCode(...new Uint8Array(digest)))
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
