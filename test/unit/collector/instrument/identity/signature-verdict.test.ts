/** What refused tokens tell of their key and signature, with the errors that jose throws. */
import { randomBytes } from 'node:crypto'
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { signatureVerdict } from '../../../../../collector/instrument/identity/signature-verdict.ts'
import { auditTokenVerifier, memorySink, shutdownAudit } from '../../../../../collector/instrument/index.ts'

afterEach(() => shutdownAudit())
const own = await generateKeyPair('ES256')
const other = await generateKeyPair('ES256')
const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(own.publicKey)), kid: 'k1', alg: 'ES256' }] })
const token = (key: CryptoKey, kid: string, expires = '1h') =>
  new SignJWT({ sub: 'alice' }).setProtectedHeader({ alg: 'ES256', kid }).setExpirationTime(expires).sign(key)
const errorOf = (given: string): Promise<unknown> =>
  jwtVerify(given, keys).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a refusal', () => {
  it('of a key that nobody knows, of a forged signature and of an ended token tell them apart', async () => {
    expect(signatureVerdict(await errorOf(await token(own.privateKey, 'k2')))).toEqual({ keyKnown: false })
    expect(signatureVerdict(await errorOf(await token(other.privateKey, 'k1')))).toEqual({
      keyKnown: true,
      signatureOk: false,
    })
    expect(signatureVerdict(await errorOf(await token(own.privateKey, 'k1', '-1h')))).toEqual({
      keyKnown: true,
      signatureOk: true,
    })
  })

  it('is read through errors that wrap it, by cause or by text', async () => {
    const inner = (await errorOf(await token(other.privateKey, 'k1'))) as Error
    expect(signatureVerdict(new Error('invalid_token', { cause: inner }))).toMatchObject({ signatureOk: false })
    expect(signatureVerdict(new Error(`Invalid token: ${inner.message}`))).toMatchObject({ signatureOk: false })
  })

  it.each([undefined, null, 'text', 7, {}, new Error('no'), { cause: { cause: 1 } }, { code: 'constructor' }])(
    'of any other kind says nothing: %j',
    (error) => expect(signatureVerdict(error)).toEqual({}),
  )

  it('whose causes go round ends', () => {
    const error = new Error('round')
    error.cause = error
    expect(signatureVerdict(error)).toEqual({})
  })

  it('stands in the event, and without an edge nobody says how the token came', async () => {
    const sink = memorySink()
    const verifier = {
      verifyAccessToken: async (given: string) => {
        const { payload } = await jwtVerify(given, keys)
        return { token: given, clientId: 'c', scopes: [], extra: payload }
      },
    }
    const audited = auditTokenVerifier(verifier, { sink, serverId: 'verdicts', keys: randomBytes(32) })
    await expect(audited.verifyAccessToken(await token(other.privateKey, 'k1'))).rejects.toThrow()
    await audited.verifyAccessToken(await token(own.privateKey, 'k1'))
    const [denied, allowed] = sink.events.filter(({ eventType }) => eventType === 'auth.token.validated')
    expect(denied).toMatchObject({ decision: 'deny', keyKnown: true, signatureOk: false, joseAlg: 'ES256' })
    expect(allowed).toMatchObject({ decision: 'allow' })
    expect(denied).not.toHaveProperty('scheme')
    expect(allowed).not.toHaveProperty('scheme')
  })
})
