// Sender-constrained tokens at the edge: DPoP proofs with what holds of them, client certificates by TLS, tokens bound to either.
import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer, request as tlsRequest } from 'node:https'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, requireBearerAuth } from '@modelcontextprotocol/server'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditDpop } from '../../collector/instrument/authz.ts'
import { thumbprintOf } from '../../collector/instrument/edge/dpop.ts'
import { auditHttp } from '../../collector/instrument/http.ts'
import { auditTokenVerifier, instrumentMcpServer } from '../../collector/instrument/index.ts'
import { authority, certificate } from '../fakes/certificate.ts'
import {
  type Audit,
  atEnd,
  audit,
  closeAll,
  listen,
  modernCall,
  modernHeaders,
  post,
  serverV2,
  sound,
} from './edge-servers.ts'

afterEach(closeAll)
const pair = await generateKeyPair('ES256')
const jwk = await exportJWK(pair.publicKey)
const other = await generateKeyPair('EdDSA')
const tokenBoundTo = (cnf: object | undefined) =>
  new SignJWT({ sub: 'alice', client_id: 'shop', scope: 'a', ...(cnf !== undefined && { cnf }) })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
    .setIssuer('https://id.example')
    .setExpirationTime('1h')
    .sign(pair.privateKey)
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')

interface Proof {
  readonly url: URL
  readonly token: string
  readonly claims?: object
  readonly header?: object
}
const proofFor = ({ url, token, claims, header }: Proof) =>
  new SignJWT({
    jti: randomUUID(),
    htm: 'POST',
    htu: String(url),
    ath: hashOf(token),
    iat: Math.floor(Date.now() / 1000),
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
    .sign(pair.privateKey)

async function start(trail: Audit, judge: () => void = () => undefined) {
  const verifier = auditTokenVerifier(
    {
      async verifyAccessToken(token: string) {
        return { token, clientId: 'shop', scopes: [], expiresAt: Math.floor(Date.now() / 1000) + 60, extra: {} }
      },
    },
    trail.options,
  )
  const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
  atEnd(() => handler.close())
  const gate = requireBearerAuth({ verifier })
  const serve = toNodeHandler({
    async fetch(request) {
      judge()
      // The gate of the SDK knows Bearer only; a server with DPoP takes the scheme off first.
      const token = request.headers.get('authorization')?.split(' ')[1]
      const asBearer = new Request(request.url, { headers: { authorization: `Bearer ${token}` } })
      const caller = await gate(asBearer)
      return caller instanceof Response ? caller : handler.fetch(request, { authInfo: caller })
    },
  })
  return listen(createServer(auditHttp(serve as never, trail.options)))
}
const send = (url: URL, token: string, proof: string, scheme = 'DPoP') =>
  post(url, modernCall(), { ...modernHeaders(), authorization: `${scheme} ${token}`, dpop: proof })

describe('DPoP', () => {
  it('a sound proof: everything holds, under the uid of the call, and neither proof nor token is in an event', async () => {
    const trail = audit()
    const url = await start(trail)
    const token = await tokenBoundTo({ jkt: thumbprintOf(jwk) })
    const proof = await proofFor({ url, token })
    expect((await send(url, token, proof)).status).toBe(200)
    await vi.waitFor(() => expect(trail.of('auth.dpop.checked')).toHaveLength(1))
    expect(trail.of('auth.dpop.checked')).toMatchObject([
      {
        decision: 'allow',
        methodOk: true,
        urlOk: true,
        tokenHashOk: true,
        signatureOk: true,
        boundKeyMatch: true,
        keyFp: trail.of('auth.token.validated')[0]!['cnfFp'],
        proofFp: expect.stringMatching(/^[0-9a-f]{32}$/),
        requestUid: trail.of('tool.call')[0]!['requestUid'],
        principalKey: trail.of('tool.call')[0]!['principalKey'],
      },
    ])
    expect(Math.abs(trail.of('auth.dpop.checked')[0]!['issuedSkewMs'] as number)).toBeLessThan(60_000)
    expect(trail.of('auth.token.validated')).toMatchObject([{ scheme: 'dpop', cnfKind: 'jkt', boundKeyMatch: true }])
    sound(trail)
    const text = JSON.stringify(trail.events)
    for (const secret of [proof, token, ...proof.split('.'), ...token.split('.').slice(1)])
      expect(text).not.toContain(secret)
  })

  it('what does not hold is said one by one', async () => {
    const trail = audit()
    const url = await start(trail)
    const token = await tokenBoundTo({ jkt: 'somebody else' })
    const wrong = await proofFor({ url, token, claims: { htm: 'GET', htu: 'https://other.example/mcp', ath: 'x' } })
    await send(url, token, wrong)
    await send(url, token, `${wrong.slice(0, -8)}AAAAAAAA`)
    await send(url, token, await proofFor({ url, token, header: { jwk: await exportJWK(other.publicKey) } }))
    await send(url, token, new UnsecuredJWT({ htm: 'POST' }).encode())
    await send(url, token, `${'a'.repeat(9_000)}.b.c`)
    await vi.waitFor(() => expect(trail.of('auth.dpop.checked')).toHaveLength(5))
    const told = trail.of('auth.dpop.checked')
    expect(told).toContainEqual(
      expect.objectContaining({
        methodOk: false,
        urlOk: false,
        tokenHashOk: false,
        signatureOk: true,
        boundKeyMatch: false,
      }),
    )
    expect(told.filter(({ signatureOk }) => signatureOk === false)).toHaveLength(4)
    expect(told.filter(({ reason }) => reason === 'not a DPoP proof')).toHaveLength(2)
    sound(trail)
  })

  it('a nonce of ours is known and another is not', async () => {
    const trail = audit()
    const token = await tokenBoundTo(undefined)
    const url = await listen(
      createServer(
        auditHttp((_request: never, response: never) => {
          const headers = { 'dpop-nonce': 'nonce-1', 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
          ;(response as { writeHead(status: number, headers: object): { end(): void } }).writeHead(401, headers).end()
        }, trail.options) as never,
      ),
    )
    for (const nonce of ['nonce-1', 'nonce-1', 'guessed']) {
      await send(url, token, await proofFor({ url, token, claims: { nonce } }))
      await vi.waitFor(() => expect(trail.of('auth.challenge.sent').length).toBe(trail.of('http.request').length))
    }
    await vi.waitFor(() => expect(trail.of('auth.dpop.checked')).toHaveLength(3))
    const seen = trail.of('auth.dpop.checked').map(({ nonceOk, decision }) => `${decision} ${nonceOk}`)
    expect(seen.sort()).toEqual(['deny false', 'deny true', 'deny true'])
    expect(trail.of('auth.challenge.sent')[0]).toMatchObject({ error: 'use_dpop_nonce', challengeSchemes: ['dpop'] })
    expect(JSON.stringify(trail.events)).not.toContain('nonce-1')
  })

  it('the verdict of the server wins', async () => {
    const trail = audit()
    const url = await start(trail, () => auditDpop({ ok: false, reason: 'replayed' }))
    const token = await tokenBoundTo(undefined)
    await send(url, token, await proofFor({ url, token }))
    await vi.waitFor(() => expect(trail.of('auth.dpop.checked')).toHaveLength(1))
    expect(trail.of('auth.dpop.checked')).toMatchObject([{ decision: 'deny', reason: 'replayed', signatureOk: true }])
  })

  it('a bound token that comes as a plain bearer is told so', async () => {
    const trail = audit()
    const url = await start(trail)
    const token = await tokenBoundTo({ jkt: thumbprintOf(jwk) })
    await post(url, modernCall(), { ...modernHeaders(), authorization: `Bearer ${token}` })
    expect(trail.of('auth.token.validated')).toMatchObject([{ scheme: 'bearer', cnfKind: 'jkt', boundKeyMatch: false }])
    expect(trail.of('auth.dpop.checked')).toEqual([])
  })
})

describe('mTLS', () => {
  it('TLS version and certificate are seen, and whether the token is bound to it', async () => {
    const trail = audit()
    const ca = authority('ca')
    const [server, client] = [certificate({ name: 'localhost', ca }), certificate({ name: 'client', ca })]
    const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
    atEnd(() => handler.close())
    const verifier = auditTokenVerifier(
      { verifyAccessToken: async (token: string) => ({ token, clientId: 'shop', scopes: [], expiresAt: 9e9 }) },
      trail.options,
    )
    const gate = requireBearerAuth({ verifier })
    const serve = toNodeHandler({
      async fetch(request) {
        const caller = await gate(request)
        return caller instanceof Response ? caller : handler.fetch(request, { authInfo: caller })
      },
    })
    const listener = (request: never, response: never): void => void serve(request, response)
    const https = createTlsServer(
      { ...server, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
      listener as never,
    )
    const { port } = await listen(auditHttp(https, trail.options) as never)
    const thumbprint = createHash('sha256').update(new X509Certificate(client.cert).raw).digest('base64url')
    const send = async (bound: string) => {
      const token = await tokenBoundTo({ 'x5t#S256': bound })
      const body = JSON.stringify({ ...modernCall(), method: 'tools/list' })
      const headers = {
        ...modernHeaders('', 'tools/list'),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${token}`,
      }
      const options = { port, path: '/mcp', method: 'POST', headers, ...client, ca: ca.cert, servername: 'localhost' }
      const [answer] = (await once(tlsRequest(options).end(body), 'response')) as [IncomingMessage]
      answer.resume()
      await once(answer, 'end')
    }
    await send(thumbprint)
    await send('somebody else')
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    const [validated, foreign] = trail.of('auth.token.validated')
    expect(validated).toMatchObject({ cnfKind: 'x5t', boundKeyMatch: true })
    expect(foreign).toMatchObject({ cnfKind: 'x5t', boundKeyMatch: false })
    for (const request of trail.of('http.request'))
      expect(request).toMatchObject({ tlsVersion: 'TLSv1.3', clientCertificateFp: validated!['cnfFp'] })
    expect(JSON.stringify(trail.events)).not.toContain(thumbprint)
    sound(trail)
  })
})
