/** Who wrote a Kafka record: an HMAC header made with the producer's key, and a digest because kafkajs checks no CRC. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../../schemas/ports.ts'
import { HEADERS } from '../../schemas/topics.ts'

export type ContentType = 'otlp_proto' | 'otlp_json' | 'json'

/** Key of a producer: the secret never travels, its id does. */
export interface SigningKey {
  readonly keyId: string
  readonly secret: string
}

/** What a reader knows about a key. `collector`: receivedAt and tenant in its records are trusted. */
export interface VerifyingKey extends SigningKey {
  readonly caller: Caller
  readonly role: 'producer' | 'collector' | 'operator'
}

export interface RecordTraits {
  readonly contentType: ContentType
  /** `collect` for records of a collect role; '' for a producer that writes straight to Kafka. */
  readonly writer: 'collect' | ''
}

export type Verified =
  | { readonly caller: Caller; readonly collected: boolean; readonly contentType: ContentType }
  | {
      readonly code: 'credential_invalid' | 'digest_mismatch' | 'unreadable'
      readonly field: string
      readonly reason: string
    }

const CLAIMED: Caller = { tenant: 'default', producer: '', claimed: true }
const CONTEXT = 'mcp-audit-record/1'

/** Headers of a record with this value; without a key only the digest vouches for it. */
export function recordHeaders(value: Uint8Array, traits: RecordTraits, key?: SigningKey): Record<string, string> {
  const digest = digestOf(value)
  return {
    [HEADERS.contentType]: traits.contentType,
    [HEADERS.schema]: '1',
    [HEADERS.digest]: digest,
    ...(traits.writer === '' ? {} : { [HEADERS.writer]: traits.writer }),
    ...(key === undefined ? {} : { [HEADERS.keyId]: key.keyId, [HEADERS.mac]: macOf(key, traits, digest) }),
  }
}

/** Checks one record. With no keys configured (loopback only) everybody is the claimed caller; a wrong digest never passes. */
export function recordVerifier(
  keys: readonly VerifyingKey[],
  accepted: readonly ContentType[] = ['otlp_proto', 'otlp_json'],
) {
  const known = new Map(keys.map((key) => [key.keyId, key]))
  return (value: Uint8Array, headers: Readonly<Record<string, string>>): Verified => {
    const said = headers[HEADERS.contentType] ?? 'otlp_proto'
    const contentType = accepted.find((each) => each === said)
    if (contentType === undefined)
      return { code: 'unreadable', field: HEADERS.contentType, reason: `must be ${accepted.join(' or ')}` }
    const writer = headers[HEADERS.writer] === 'collect' ? 'collect' : ''
    const digest = headers[HEADERS.digest]
    const actual = known.size > 0 || digest !== undefined ? digestOf(value) : ''
    if (digest !== undefined && digest !== actual)
      return { code: 'digest_mismatch', field: HEADERS.digest, reason: 'the value is not what was written' }
    if (known.size === 0) return { caller: CLAIMED, collected: writer === 'collect', contentType }
    const key = known.get(headers[HEADERS.keyId] ?? '')
    if (key === undefined)
      return { code: 'credential_invalid', field: HEADERS.keyId, reason: 'no such key is configured' }
    if (!equal(headers[HEADERS.mac] ?? '', macOf(key, { contentType, writer }, actual)))
      return { code: 'credential_invalid', field: HEADERS.mac, reason: 'the signature does not match' }
    // A producer that calls itself a collector is not believed: the role stands beside the key.
    return { caller: key.caller, collected: writer === 'collect' && key.role === 'collector', contentType }
  }
}

/** SHA-256 of the bytes, lower-case hex. */
export const digestOf = (value: Uint8Array): string => createHash('sha256').update(value).digest('hex')

/** The digest stands for the value, so its bytes are hashed once; what else the reader acts on is signed along. */
function macOf(key: SigningKey, traits: RecordTraits, digest: string): string {
  const signed = [CONTEXT, traits.contentType, traits.writer, digest].join('\u0000')
  return createHmac('sha256', key.secret).update(signed).digest('hex')
}

function equal(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
