/** Tokens made from parts at run time: they look and check like real ones, open nothing, and stand in no file of the repository. */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const UPPER_DIGIT = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Deterministic characters of an alphabet, different for every seed. */
export function chars(seed: string, length: number, alphabet: string = BASE62): string {
  let text = ''
  for (let block = 0; text.length < length; block++)
    for (const byte of createHash('sha512').update(`${seed}:${block}`).digest())
      text += alphabet[byte % alphabet.length]
  return text.slice(0, length)
}
export const hex = (seed: string, length: number): string => chars(seed, length, '0123456789abcdef')

/** A body of thirty characters with the checksum that GitHub and npm add. */
export function withCrc(prefix: string, seed: string): string {
  const body = chars(seed, 30)
  let value = crc32(body)
  let tail = ''
  for (let place = 0; place < 6; place++) {
    tail = BASE62[value % 62]! + tail
    value = Math.floor(value / 62)
  }
  return `${prefix}${body}${tail}`
}
export const githubToken = (seed: string): string => withCrc(['gh', 'p_'].join(''), seed)
export const awsKeyId = (seed: string): string => `${['AK', 'IA'].join('')}${chars(seed, 16, BASE32)}`
export const upperDigits = (seed: string, length: number): string => chars(seed, length, UPPER_DIGIT)

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
export const jwt = (seed: string): string =>
  [part({ alg: 'HS256', typ: 'JWT' }), part({ sub: chars(seed, 8), exp: 1_900_000_000 }), chars(seed, 43)].join('.')
/** A private key's file; the body is random and no key. */
export function pem(seed: string, label: string): string {
  const lines = Array.from({ length: 12 }, (_, line) => chars(`${seed}${line}`, 64))
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`].join('\n')
}
