/** Tokens: asked for once, renewed in time, replaced when refused, and never told in a reason. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientToken } from '../../../../../connectors/webhook/azure/azure-token.ts'
import { endpointDenied, identityToken } from '../../../../../connectors/webhook/azure/managed-identity.ts'
import { createSend } from '../../../../../connectors/webhook/send.ts'
import type { Exchange } from '../../../../../schemas/ports.ts'
import { AUDIENCE, CLIENT, FakeEntra, IDENTITY_HEADER, SECRET, TENANT } from '../../../../fakes/entra.ts'
import { WebhookServer } from '../../../../fakes/webhook-server.ts'

const { signal } = new AbortController()
const send = createSend({ allowPrivate: true })
let nowMs = 0
let entra: FakeEntra
const exchange: Exchange = { send: (request) => send(request, signal), clock: { nowMs: () => nowMs }, signal }
/** A managed identity is not asked over the way of targets. */
const nowhere: Exchange = { ...exchange, send: () => Promise.reject(new Error('must not be used')) }

beforeEach(async () => {
  nowMs = Date.parse('2026-10-01T10:00:00Z')
  entra = await FakeEntra.start(() => nowMs)
})
afterEach(() => entra.close())
const asked = () => entra.server.received.length
const client = (over: { clientId?: string; tenantId?: string; audience?: string; secret?: string } = {}) =>
  clientToken(
    { authority: `${entra.url}/`, tenantId: TENANT, clientId: CLIENT, audience: AUDIENCE, ...over },
    { secret: over.secret ?? SECRET },
  )

describe('the token of an application', () => {
  it('is asked for once by all who wait, and kept', async () => {
    const tokens = client()
    const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.token(exchange)))
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1)
    nowMs += 3_000_000
    expect(await tokens.token(exchange)).toEqual(answers[0])
    expect(asked()).toBe(1)
  })
  it('is renewed five minutes before it ends', async () => {
    const tokens = client()
    const first = await tokens.token(exchange)
    nowMs += (3599 - 299) * 1_000
    const second = await tokens.token(exchange)
    expect(second.token).not.toBe(first.token)
    expect(entra.takes(second.token!, AUDIENCE)).toBe(true)
  })
  it('is used to its end while it cannot be renewed, and no longer', async () => {
    const tokens = client()
    const first = await tokens.token(exchange)
    entra.secret = 'changed'
    nowMs += (3599 - 10) * 1_000
    expect(await tokens.token(exchange)).toEqual(first)
    nowMs += 11_000
    expect((await tokens.token(exchange)).token).toBeUndefined()
  })
  it('is replaced when it was refused', async () => {
    const tokens = client()
    const { token } = await tokens.token(exchange)
    const other = await tokens.token(exchange, token)
    expect(other.token).not.toBe(token)
    expect(await tokens.token(exchange)).toEqual(other)
  })
  it.each([
    [
      'a wrong secret',
      { secret: 'wr0ng' },
      'no token: status 401 invalid_client AADSTS7000215: the client secret is wrong',
    ],
    ['an unknown application', { clientId: 'x' }, 'AADSTS700016: the directory has no such application'],
    ['an unknown directory', { tenantId: 'nowhere' }, 'AADSTS90002: there is no such directory'],
    [
      'an unknown audience',
      { audience: 'https://monitor.azure.us' },
      'AADSTS500011: the directory knows no such audience',
    ],
  ])('%s is told by its code, without the secret, and not asked for again soon', async (_, over, reason) => {
    const answer = await client(over).token(exchange)
    expect(answer).toMatchObject({ reason: expect.stringContaining(reason), afterMs: 600_000 })
    expect(JSON.stringify(answer)).not.toMatch(/wr0ng|S3cr/)
    expect((answer as { reason: string }).reason).toMatch(/^[\x20-\x7e]{1,100}$/)
  })
  it.each([
    ['a busy directory', { status: 429, headers: { 'retry-after': '30' }, body: '' }, { afterMs: 30_000 }],
    ['a broken one', { status: 503, body: '<html>' }, { reason: 'no token: status 503' }],
    ['a proxy’s page', { status: 200, body: '<html>' }, { reason: 'no token: status 200' }],
    ['a token that no header takes', { status: 200, body: '{"access_token":"a\\nb","expires_in":9}' }, {}],
    ['a token that has no end', { status: 200, body: '{"access_token":"a"}' }, {}],
  ])('%s is asked again', async (_, reply, expected) => {
    const tokens = client()
    entra.server.faults.push(reply)
    const answer = await tokens.token(exchange)
    expect(answer.token).toBeUndefined()
    expect(answer).toMatchObject(expected)
    expect((await tokens.token(exchange)).token).toBeDefined()
  })
  it('goes over the way of targets, which refuses an inner address', async () => {
    const strict = createSend({ allowPrivate: false })
    const outside = { ...exchange, send: (request: Parameters<Exchange['send']>[0]) => strict(request, signal) }
    expect(await client().token(outside)).toMatchObject({ reason: expect.stringMatching(/^no token: .*must be https/) })
    expect(asked()).toBe(0)
  })
})

describe('the token of a managed identity', () => {
  const dial = () => ({ hostname: '127.0.0.1', port: String(entra.server.port) })
  const options = { audience: AUDIENCE, clientId: '', environment: {}, dial }
  it('comes from the metadata service, over no other way', async () => {
    const { token } = await identityToken('soc', options).token(nowhere)
    expect(entra.takes(token!, AUDIENCE)).toBe(true)
    const [request] = entra.server.received
    expect(request).toMatchObject({ method: 'GET', headers: { metadata: 'true', host: '169.254.169.254' } })
    expect(request?.path).toBe(
      '/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmonitor.azure.com',
    )
  })
  it('may be that of one of several identities', async () => {
    expect((await identityToken('soc', { ...options, clientId: CLIENT }).token(nowhere)).token).toBeDefined()
    expect(await identityToken('soc', { ...options, clientId: 'other' }).token(nowhere)).toMatchObject({
      reason: 'no token: status 400 invalid_request',
      afterMs: 600_000,
    })
  })
  it('comes from the container’s own endpoint where there is one', async () => {
    const environment = {
      IDENTITY_ENDPOINT: `http://localhost:${entra.server.port}/msi/token`,
      IDENTITY_HEADER,
    }
    const { token } = await identityToken('soc', { audience: AUDIENCE, clientId: '', environment }).token(nowhere)
    expect(entra.takes(token!, AUDIENCE)).toBe(true)
  })
  it('comes from the token of a cluster, which is read anew each time', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'mcp-auditd-')), 'token')
    writeFileSync(file, `${SECRET}\n`)
    const environment = {
      AZURE_FEDERATED_TOKEN_FILE: file,
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT,
      AZURE_AUTHORITY_HOST: entra.url,
    }
    const tokens = identityToken('soc', { ...options, environment })
    const { token } = await tokens.token(exchange)
    entra.secret = 'rotated'
    writeFileSync(file, 'rotated')
    expect((await tokens.token(exchange, token)).token).toBeDefined()
  })
  it('of an Arc machine needs a file that only its administrators read, and reads no other', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-'))
    writeFileSync(join(folder, 'a.key'), 'challenge')
    let realm = join(folder, 'a.key')
    const arc = await WebhookServer.start(({ headers }) =>
      headers['authorization'] === 'Basic challenge'
        ? { status: 200, body: '{"access_token":"arc","expires_in":"100"}' }
        : { status: 401, headers: { 'www-authenticate': `Basic realm=${realm}` }, body: '' },
    )
    const at = `http://localhost:${arc.port}/metadata/identity/oauth2/token`
    const environment = { IDENTITY_ENDPOINT: at, IMDS_ENDPOINT: 'http://localhost:40342' }
    const tokens = () =>
      identityToken('soc', { audience: AUDIENCE, clientId: '', environment, arcTokens: folder }).token(nowhere)
    expect(await tokens()).toEqual({ token: 'arc' })
    for (realm of ['/etc/passwd', `${folder}/../a.key`, `${folder}/b/../../etc/x.key`, join(folder, 'none.key')])
      expect((await tokens()).token).toBeUndefined()
    await arc.close()
  })
  it('follows no redirect and gives up on an answer without end', async () => {
    const tokens = identityToken('soc', options)
    entra.server.faults.push({ redirect: `${entra.url}/elsewhere` }, 'flood', 'reset')
    for (let fault = 0; fault < 3; fault++) expect((await tokens.token(nowhere)).token).toBeUndefined()
    expect(asked()).toBe(3)
  })
  it.each([
    'https://127.0.0.1/msi/token',
    'http://10.0.0.4/msi/token',
    'http://identity.example/msi/token',
    'http://localhost.evil.example/',
    'http://169.254.169.254.evil.example/',
    'http://user@127.0.0.1/',
    'file:///etc/passwd',
    'msi',
  ])('is never asked of %s, whatever the environment says', (IDENTITY_ENDPOINT) => {
    expect(endpointDenied(IDENTITY_ENDPOINT)).toBeDefined()
    expect(() => identityToken('soc', { ...options, environment: { IDENTITY_ENDPOINT } })).toThrow(/IDENTITY_ENDPOINT/)
  })
  it('leaves the way of targets to link-local addresses shut', async () => {
    const metadata = { url: 'http://169.254.169.254/metadata/identity/oauth2/token', headers: {}, body: '' }
    await expect(createSend({ allowPrivate: true })(metadata, signal)).rejects.toThrow(/linkLocal/)
  })
})
