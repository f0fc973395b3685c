// The key of the proof: configured or made once, noted, and never another under the same id.
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../../cli/configuration.ts'
import { KeyRing, knownKeys, openSigner, publicPem, readKeys, signerOf } from '../../../../cli/proof/signer.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'

describe('the signing key', () => {
  let dir: string
  const telemetry = recordingTelemetry()
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'signer-'))
    telemetry.logs.length = 0
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('is made once for a data folder, for its owner alone, and signs what it verifies', async () => {
    const first = await openSigner(loadConfig({}), dir, telemetry, false)
    const again = await openSigner(loadConfig({}), dir, telemetry, false)
    expect(again.key).toEqual(first.key)
    expect(statSync(join(dir, 'proof', 'signing-key.pem')).mode & 0o777).toBe(0o600)
    const ring = new KeyRing([first.key])
    expect(ring.isSigned(first.key.keyId, 'a text', again.sign('a text'))).toBe(true)
    expect(ring.isSigned(first.key.keyId, 'another', again.sign('a text'))).toBe(false)
    expect(telemetry.logs).toEqual([])
  })

  it('is said to be local where other processes sign too', async () => {
    await openSigner(loadConfig({}), dir, telemetry, true)
    expect(telemetry.logs).toEqual(['proof_key_local'])
  })

  it('may be configured as PEM or seed; keys that were used stay known', async () => {
    const own = await openSigner(loadConfig({}), dir, telemetry, false)
    const pair = generateKeyPairSync('ed25519')
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const seed = pair.privateKey.export({ format: 'jwk' }).d!
    expect(signerOf(pem).key).toEqual(signerOf(Buffer.from(seed, 'base64url').toString('base64')).key)
    const file = join(dir, 'key.pem')
    writeFileSync(file, pem, { mode: 0o600 })
    const configured = await openSigner(loadConfig({}, { 'proof.signingKey': `file:${file}` }), dir, telemetry, true)
    expect(configured.key).toEqual(signerOf(pem).key)
    expect(knownKeys(dir).map(({ keyId }) => keyId)).toEqual([own.key.keyId, configured.key.keyId])
    expect(telemetry.logs).toEqual([])
    writeFileSync(file, publicPem(own.key) + publicPem(configured.key))
    expect(readKeys(file)).toEqual([own.key, configured.key])
  })

  it('is refused when it is no Ed25519 key', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    for (const text of [rsa as string, 'short', '', Buffer.alloc(33).toString('base64')])
      expect(() => signerOf(text), text.slice(0, 20)).toThrow(/proof\.signingKey/)
    expect(() => readKeys(join(dir, 'none.pem'))).toThrow(/public keys/)
  })

  it('counts only under the hash of itself', () => {
    const keyOf = () =>
      signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string).key
    const [one, other] = [keyOf(), keyOf()]
    const ring = new KeyRing([{ ...one, publicKey: other.publicKey }, { keyId: 'x', publicKey: 'no key' }, other])
    expect([ring.has(one.keyId), ring.has('x'), ring.has(other.keyId)]).toEqual([false, false, true])
  })
})
