/** An OAuth issuer inside this process: real keys, real signed JWTs, a JWKS endpoint and metadata over HTTP. */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** Fixed, so that the keyed hash of a principal is the same in each run; the JWKS address is where keys are fetched. */
export const ISSUER = 'https://login.demo.example'

/** OAuth client through which people come. */
export const CLIENT = 'demo-desk'

/** Who can ask for a token. Subjects are ids, as issuers hand them out, never names or addresses. */
export const SUBJECTS = {
  alice: 'user-7d1f0a52',
  bob: 'user-2c94e6b8',
  carol: 'user-e05b3d17',
  dora: 'user-91a7c4f3',
  erin: 'user-58c2b96d',
  nightly: 'workload-nightly-export',
} as const
export type Subject = keyof typeof SUBJECTS

export interface TokenRequest {
  readonly audience: string | readonly string[]
  readonly scopes: readonly string[]
  readonly lifetimeSeconds?: number
}
export interface IdentityProvider {
  readonly jwksUrl: URL
  /** A fresh token each time: new `jti`, same issuer and subject. */
  token(subject: Subject, request: TokenRequest): Promise<string>
  close(): Promise<void>
}

/** One RSA and one elliptic key: workloads get ES256, people RS256, so that verifiers meet both. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const rsa = await generateKeyPair('RS256')
  const elliptic = await generateKeyPair('ES256')
  const keys: JWK[] = [
    { ...(await exportJWK(rsa.publicKey)), kid: 'people', alg: 'RS256', use: 'sig' },
    { ...(await exportJWK(elliptic.publicKey)), kid: 'workloads', alg: 'ES256', use: 'sig' },
  ]
  const { server, origin } = await serve({
    '/jwks.json': () => ({ keys }),
    '/.well-known/oauth-authorization-server': (own) => ({
      issuer: ISSUER,
      jwks_uri: `${own}/jwks.json`,
      authorization_endpoint: `${own}/authorize`,
      token_endpoint: `${own}/token`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    }),
  })
  return {
    jwksUrl: new URL('/jwks.json', origin),
    token(subject, { audience, scopes, lifetimeSeconds = 600 }) {
      const isWorkload = SUBJECTS[subject].startsWith('workload-')
      // Client credentials: the client is its own subject (RFC 9068, 2.2).
      const client = isWorkload ? SUBJECTS[subject] : CLIENT
      const header = isWorkload ? { alg: 'ES256', kid: 'workloads' } : { alg: 'RS256', kid: 'people' }
      return new SignJWT({ client_id: client, scope: scopes.join(' ') })
        .setProtectedHeader({ ...header, typ: 'at+jwt' })
        .setIssuer(ISSUER)
        .setSubject(SUBJECTS[subject])
        .setAudience(typeof audience === 'string' ? audience : [...audience])
        .setJti(randomUUID())
        .setIssuedAt()
        .setExpirationTime(`${lifetimeSeconds} s`)
        .sign(isWorkload ? elliptic.privateKey : rsa.privateKey)
    },
    close: () => closeServer(server),
  }
}

async function serve(documents: Record<string, (own: string) => object>): Promise<{ server: Server; origin: string }> {
  const server = createServer((request, response) => {
    const document = documents[request.url ?? '']
    if (document === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document(origin)))
  })
  const origin = await listen(server)
  return { server, origin }
}

/** Listen on a free loopback port; answers the origin. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Stop listening and cut open streams: a standalone SSE stream would hold the server forever. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
