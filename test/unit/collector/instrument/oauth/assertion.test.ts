/** Assertions at a token endpoint: what is wrong with each is told in classes, and nothing of it leaves. */
import { UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { memorySink, shutdownAudit } from '../../../../../collector/instrument/index.ts'
import { auditAssertion } from '../../../../../collector/instrument/oauth.ts'

afterEach(() => shutdownAudit())

const ISSUER = 'https://auth.example'
const RESOURCE = 'https://mcp.example/api'
const ID = 'planted-assertion-4f7d9a1c2b'
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds
const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const assertion = (claims: object = {}, typ = 'oauth-id-jag+jwt'): string => {
  const payload = {
    iss: 'https://idp.example',
    sub: 'alice',
    aud: ISSUER,
    resource: RESOURCE,
    client_id: 'agent',
    jti: ID,
    iat: inSeconds(0),
    exp: inSeconds(60),
    ...claims,
  }
  return `${b64({ alg: 'RS256', typ })}.${b64(payload)}.c2ln`
}
const told = (text: string, more: object = {}) => {
  const sink = memorySink()
  const options = { sink, serverId: 'auth', heartbeatMs: 0 }
  auditAssertion({ assertion: text, clientId: 'agent', issuer: ISSUER, resource: RESOURCE, ...more }, options)
  expect(JSON.stringify(sink.events)).not.toContain('planted')
  return sink.events[0] as unknown as Record<string, unknown>
}

describe('auditAssertion', () => {
  it('finds nothing wrong with a sound one', () => {
    expect(told(assertion())).toMatchObject({
      eventType: 'oauth.token',
      decision: 'allow',
      grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      clientKey: 'agent',
      assertionClient: 'agent',
      assertionFlaws: [],
    })
  })
  it.each([
    ['the type', assertion({}, 'JWT'), ['type']],
    ['the audience', assertion({ aud: 'https://other.example' }), ['audience']],
    ['the resource', assertion({ resource: ['https://other.example'] }), ['resource']],
    ['an end long past', assertion({ exp: inSeconds(-600) }), ['expired']],
    ['a beginning to come', assertion({ iat: inSeconds(600) }), ['not_yet_valid']],
    ['no id', assertion({ jti: undefined }), ['no_id']],
    ['everything, of what is no token', 'a.b', ['type', 'audience', 'resource', 'expired', 'no_id']],
  ])('tells %s', (_, text, flaws) => {
    expect(told(text)['assertionFlaws']).toEqual(flaws)
  })
  it('allows clocks two minutes, a slash at the end, and one of several audiences', () => {
    const text = assertion({ exp: inSeconds(-100), iat: inSeconds(100), aud: ['https://x.example', `${ISSUER}/`] })
    expect(told(text)['assertionFlaws']).toEqual([])
  })
  it('does not compare a resource that the server leaves out', () => {
    expect(told(assertion({ resource: undefined }), { resource: undefined })['assertionFlaws']).toEqual([])
  })
  it('tells one assertion by one hash, and a refusal with its reason', () => {
    const [first, second] = [told(assertion()), told(assertion(), { error: new Error(`no ${assertion()}`) })]
    expect(first['codeFp']).toMatch(/^[0-9a-f]{32}$/)
    expect(second).toMatchObject({ decision: 'deny', reason: 'Error: no [redacted]' })
  })
  it('tells another client by its name', () => {
    expect(told(assertion({ client_id: 'other' }))).toMatchObject({ clientKey: 'agent', assertionClient: 'other' })
    expect(told(new UnsecuredJWT({}).encode())['assertionClient']).toBeUndefined()
  })
})
