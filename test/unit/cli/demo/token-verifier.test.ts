/** The demo's issuer and its verifier: what is signed there is accepted here, and nothing else. */
import { decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CLIENT,
  type IdentityProvider,
  SUBJECTS,
  startIdentityProvider,
} from '../../../../cli/demo/identity-provider.ts'
import { sound, tokenVerifier } from '../../../../cli/demo/token-verifier.ts'

const AUDIENCE = 'https://files.demo.example/mcp'
const request = { audience: AUDIENCE, scopes: ['files:read', 'files:write'] }

describe('the demo’s issuer and verifier', () => {
  let issuer: IdentityProvider
  beforeAll(async () => {
    issuer = await startIdentityProvider()
  })
  afterAll(() => issuer.close())
  const verifier = (weaknesses = sound()) =>
    tokenVerifier(issuer.jwksUrl, AUDIENCE, weaknesses, (reason) => new Error(`refused: ${reason}`))

  it('a token of the issuer gives client, scopes, expiry and subject', async () => {
    const info = await verifier().verifyAccessToken(await issuer.token('alice', request))
    expect(info).toMatchObject({ clientId: CLIENT, scopes: request.scopes, extra: { subject: SUBJECTS.alice } })
    expect(info.expiresAt).toBeGreaterThan(Date.now() / 1000)
  })

  it('people get RS256, workloads ES256 and themselves as client', async () => {
    expect(decodeProtectedHeader(await issuer.token('alice', request)).alg).toBe('RS256')
    const token = await issuer.token('nightly', request)
    expect(decodeProtectedHeader(token).alg).toBe('ES256')
    expect((await verifier().verifyAccessToken(token)).clientId).toBe(SUBJECTS.nightly)
  })

  it.each(['https://FILES.demo.example/mcp', `${AUDIENCE}/`])('%s is the same audience', async (audience) => {
    const token = await issuer.token('bob', { ...request, audience })
    await expect(verifier().verifyAccessToken(token)).resolves.toMatchObject({ scopes: request.scopes })
  })

  it.each(['https://files.demo.example/MCP', 'https://mail.demo.example'])(
    '%s is another audience',
    async (audience) => {
      const token = await issuer.token('bob', { ...request, audience })
      await expect(verifier().verifyAccessToken(token)).rejects.toThrow('refused: the token is for another service')
      const weak = { ...sound(), acceptsAnyAudience: true }
      await expect(verifier(weak).verifyAccessToken(token)).resolves.toMatchObject({ token })
    },
  )

  it('a token that was changed, or signed elsewhere, is refused even where audiences do not matter', async () => {
    const weak = verifier({ ...sound(), acceptsAnyAudience: true })
    const [header, payload, signature] = (await issuer.token('bob', request)).split('.') as [string, string, string]
    const forged = Buffer.from(payload, 'base64url').toString().replace(SUBJECTS.bob, SUBJECTS.alice)
    await expect(
      weak.verifyAccessToken([header, Buffer.from(forged).toString('base64url'), signature].join('.')),
    ).rejects.toThrow('refused: signature verification failed')
    const other = await startIdentityProvider()
    try {
      await expect(weak.verifyAccessToken(await other.token('bob', request))).rejects.toThrow('refused')
    } finally {
      await other.close()
    }
  })
})
