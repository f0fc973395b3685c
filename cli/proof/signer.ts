/** The key that signs the proof: configured, or made once in the data folder; and the check of what others signed. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSecretFile, resolveSecret } from '../../collector/instrument/keys/secret.ts'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Telemetry } from '../../schemas/ports.ts'
import type { ProofKey } from '../../schemas/proof.ts'
import { warnOf } from '../credentials.ts'

export interface Signer {
  readonly key: ProofKey
  /** Ed25519, base64. */
  sign(text: string): string
}

const PLACE = { component: 'config', field: 'proof.signingKey' }
const FOLDER = 'proof'
const KEY_FILE = 'signing-key.pem'
const KNOWN_FILE = 'public-keys.pem'
const SEED_BYTES = 32
/** PKCS#8 of an Ed25519 private key, up to its seed (RFC 8410). */
const SEED_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The configured key, else that of the data folder. What it signs with is noted in the folder, so that `verify` knows its own keys. */
export async function openSigner(
  settings: Config,
  dataDir: string,
  telemetry: Telemetry,
  isShared: boolean,
): Promise<Signer> {
  const { signingKey } = settings.proof
  if (signingKey === undefined && isShared)
    telemetry.log('proof_key_local', {
      reason: 'proof.signingKey is not set: every process signs with a key of its own',
    })
  const text =
    signingKey === undefined ? ownKey(dataDir) : await resolveSecret(signingKey, PLACE, { warn: warnOf(telemetry) })
  const signer = signerOf(text)
  noteKey(dataDir, signer.key)
  return signer
}

/** PEM of an Ed25519 private key, or its seed of 32 bytes in base64. */
export function signerOf(text: string): Signer {
  const bad = (reason: string, cause?: unknown): AuditdError =>
    new AuditdError('config_invalid', PLACE.component, PLACE.field, reason, cause)
  let secret: KeyObject
  try {
    const seed = Buffer.from(text, 'base64')
    if (!text.includes('-----BEGIN') && seed.length !== SEED_BYTES) throw new Error(`${seed.length} bytes`)
    secret = text.includes('-----BEGIN')
      ? createPrivateKey(text)
      : createPrivateKey({ key: Buffer.concat([SEED_PREFIX, seed]), format: 'der', type: 'pkcs8' })
  } catch (error) {
    throw bad('must be the PEM of an Ed25519 private key, or 32 bytes in base64', error)
  }
  if (secret.asymmetricKeyType !== 'ed25519') throw bad(`must be an Ed25519 key, not ${secret.asymmetricKeyType}`)
  return {
    key: keyOf(createPublicKey(secret)),
    sign: (signed) => signBytes(null, Buffer.from(signed), secret).toString('base64'),
  }
}

function ownKey(dataDir: string): string {
  const folder = join(dataDir, FOLDER)
  const path = join(folder, KEY_FILE)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    // Another process may have been faster: the file that is there counts.
    try {
      writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx', flush: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return readSecretFile(path, (reason) => new AuditdError('config_invalid', PLACE.component, path, reason))
}

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const idOf = (spki: Uint8Array): string => createHash('sha256').update(spki).digest('hex').slice(0, 32)
function keyOf(publicKey: KeyObject): ProofKey {
  const spki = spkiOf(publicKey)
  return { keyId: idOf(spki), publicKey: spki.toString('base64') }
}

export const publicPem = ({ publicKey }: ProofKey): string =>
  createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' }).export({
    type: 'spki',
    format: 'pem',
  }) as string

function noteKey(dataDir: string, key: ProofKey): void {
  const folder = join(dataDir, FOLDER)
  if (knownKeys(dataDir).some(({ keyId }) => keyId === key.keyId)) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, KNOWN_FILE), publicPem(key), { flag: 'a', mode: 0o600, flush: true })
}

/** Public keys that the service of this folder has signed with. */
export function knownKeys(dataDir: string): readonly ProofKey[] {
  const path = join(dataDir, FOLDER, KNOWN_FILE)
  return existsSync(path) ? readKeys(path) : []
}

/** Public keys of a PEM file. */
export function readKeys(path: string): readonly ProofKey[] {
  const bad = (cause: unknown): AuditdError =>
    new AuditdError('usage', 'verify', path, 'must hold Ed25519 public keys as PEM', cause)
  let blocks: readonly string[]
  try {
    blocks = readFileSync(path, 'utf8').match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? []
    if (blocks.length === 0) throw new Error('no public key')
    return blocks.map((block) => keyOf(createPublicKey(block)))
  } catch (error) {
    throw bad(error)
  }
}

/** Checks signatures; a key counts only under the hash of itself. */
export class KeyRing {
  private readonly keys = new Map<string, KeyObject>()

  constructor(keys: readonly ProofKey[]) {
    for (const { keyId, publicKey } of keys) {
      try {
        const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
        if (key.asymmetricKeyType === 'ed25519' && idOf(spkiOf(key)) === keyId) this.keys.set(keyId, key)
      } catch {
        // What is no key verifies nothing.
      }
    }
  }

  has(keyId: string): boolean {
    return this.keys.has(keyId)
  }
  isSigned(keyId: string, text: string, signature: string): boolean {
    const key = this.keys.get(keyId)
    return key !== undefined && verifyBytes(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
  }
}
