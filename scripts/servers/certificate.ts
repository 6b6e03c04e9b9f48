import { generateKeyPairSync, sign } from 'node:crypto'

/** What a server needs to speak TLS, as PEM. */
export interface Certificate {
  readonly key: string
  readonly cert: string
}

/**
 * Makes a self-signed certificate for 127.0.0.1 and localhost, good until 2049, with an elliptic key (P-256).
 *
 * Node makes keys but no certificates, OpenSSL is not on every machine, and a private key has no place in a
 * repository: so the fields of RFC 5280 (section 4.1) are written out here, in DER (X.690).
 */
export function makeCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signedWith = sequence(ecdsaWithSha256)
  const name = sequence(element(0x31, sequence(commonName, element(0x0c, 'localhost'))))
  const validity = sequence(element(0x17, '200101000000Z'), element(0x17, '491231235959Z'))
  // GeneralNames: [2] is a DNS name, [7] an IP address.
  const names = sequence(element(0x82, 'localhost'), element(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = sequence(
    sequence(subjectAltName, element(0x04, names)),
    // It signs itself, so those who trust it trust it as an authority.
    sequence(basicConstraints, isTrue, element(0x04, sequence(isTrue))),
  )
  const fields = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))), // version 3
    element(0x02, Buffer.from([1])), // serial number
    signedWith,
    name, // the issuer
    validity,
    name, // the subject
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, extensions),
  )
  const signature = element(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', fields, privateKey)]))
  const cert = sequence(fields, signedWith, signature)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${cert.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  }
}

/** One element of DER: its type, its length, what is in it. */
function element(tag: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  const length =
    bytes.length < 0x80
      ? [bytes.length]
      : bytes.length < 0x100
        ? [0x81, bytes.length]
        : [0x82, bytes.length >> 8, bytes.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), bytes])
}

const sequence = (...parts: Buffer[]): Buffer => element(0x30, Buffer.concat(parts))
const identifier = (hex: string): Buffer => element(0x06, Buffer.from(hex, 'hex'))

const isTrue = element(0x01, Buffer.from([0xff]))
const ecdsaWithSha256 = identifier('2a8648ce3d040302') // 1.2.840.10045.4.3.2
const commonName = identifier('550403') // 2.5.4.3
const subjectAltName = identifier('551d11') // 2.5.29.17
const basicConstraints = identifier('551d13') // 2.5.29.19
