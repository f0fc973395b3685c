/** X.509 certificates made at run time, so that no private key lies in the repository: valid, expired, for another name, self-signed. */
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

export interface Issued {
  readonly key: string
  readonly cert: string
}
interface CertificateOptions {
  /** Subject and the only DNS name. */
  readonly name: string
  /** Days from now, negative in the past. */
  readonly fromDays?: number
  readonly toDays?: number
  readonly ca?: Authority
}
export interface Authority extends Issued {
  readonly name: string
  readonly privateKey: KeyObject
}

const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
  const body = Buffer.concat(parts)
  const { length } = body
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}
const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const COMMON_NAME = oid('550403')
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const named = (name: string) => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(name)))))
/** GeneralizedTime, as RFC 5280 wants it from 2050 on and every reader takes before. */
const time = (days: number) => {
  const at = new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '')
  const year = Number(at.slice(0, 4))
  return year < 2050 ? der(0x17, Buffer.from(at.slice(2))) : der(0x18, Buffer.from(at))
}
const extension = (id: string, critical: boolean, value: Buffer) =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

export function certificate(options: CertificateOptions): Issued {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extensions = sequence(extension('551d11', false, sequence(der(0x82, Buffer.from(options.name)))))
  return issue(options, pair, extensions)
}

export function authority(name: string): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const extensions = sequence(extension('551d13', true, sequence(der(0x01, Buffer.from([0xff])))))
  return { ...issue({ name }, pair, extensions), name, privateKey: pair.privateKey }
}

function issue(
  options: CertificateOptions,
  pair: { publicKey: KeyObject; privateKey: KeyObject },
  extensions: Buffer,
): Issued {
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1]), randomBytes(8)),
    ECDSA_SHA256,
    named(options.ca?.name ?? options.name),
    sequence(time(options.fromDays ?? -1), time(options.toDays ?? 30)),
    named(options.name),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const signature = createSign('sha256')
    .update(body)
    .sign(options.ca?.privateKey ?? pair.privateKey)
  const bytes = sequence(body, ECDSA_SHA256, der(0x03, Buffer.from([0]), signature))
  const base64 = bytes.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
  }
}
