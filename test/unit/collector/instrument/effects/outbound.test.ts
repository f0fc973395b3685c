/** Requests that a server makes while it serves a call are told with where they went and how their credential relates to the caller's. */

import dns from 'node:dns'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { tokenHandedOut } from '../../../../../collector/instrument/effects/credential-relation.ts'
import { pathClass } from '../../../../../collector/instrument/effects/outbound.ts'
import {
  createSink,
  OtlpAuditExporter,
  type PendingEvent,
  shutdownAudit,
} from '../../../../../collector/instrument/index.ts'
import { callInFlight } from '../../../../../collector/instrument/messages/call-in-flight.ts'
import { type Fields, stage } from './stage.ts'

const jwt = (claims: object) =>
  [{ alg: 'none' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
    .concat('.sig')
const CALLER = jwt({ iss: 'https://idp.example', sub: 'alice', aud: 'https://mcp.example' })
const EXCHANGED = jwt({ iss: 'https://idp.example', sub: 'alice', aud: 'https://downstream.example' })
const OWN = 'own-service-credential-of-the-server'

let base = ''
const seen: IncomingMessage[] = []
const SECRET = 'ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'
const server = createServer((incoming, answer) => {
  seen.push(incoming)
  const url = incoming.url ?? ''
  if (url === '/moved') answer.writeHead(302, { location: '/api/end?x=1' }).end()
  else if (url === '/first/moved') answer.writeHead(302, { location: 'moved-again' }).end()
  else if (url === '/first/moved-again') answer.writeHead(302, { location: '../api/end' }).end()
  else if (url === '/elsewhere') answer.writeHead(307, { location: `http://localhost:${port()}/api/end` }).end()
  else if (url === '/into-a-name') answer.writeHead(302, { location: `http://${SECRET}.localhost:${port()}/` }).end()
  else if (url === '/dead-end') answer.writeHead(301, { location: 'ftp://nowhere.example/' }).end()
  else if (url === '/oauth/token') answer.end(JSON.stringify({ access_token: EXCHANGED }))
  else if (url === '/own/token') answer.end(JSON.stringify({ access_token: OWN }))
  else if (url === '/reset') incoming.socket.destroy()
  else answer.end('ok')
})
const port = () => (server.address() as AddressInfo).port
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${port()}`
})
afterAll(() => void server.close())
afterEach(async () => {
  vi.restoreAllMocks()
  await shutdownAudit()
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const read = async (url: string, init?: RequestInit) => (await fetch(url, init)).text()
const nodeHttp = (url: string, options: object, body?: string) =>
  new Promise<string>((resolve, reject) => {
    const sent = httpRequest(url, options, (answer) => {
      let text = ''
      answer.on('data', (chunk) => {
        text += chunk
      })
      answer.on('end', () => resolve(text))
    })
    sent.on('error', reject)
    sent.end(body)
  })
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString()
const exchange = (token: string) =>
  form({ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token })

async function told(act: () => unknown, token: string | undefined = CALLER, text = 'hello'): Promise<Fields[]> {
  const { call, of } = await stage({ outbound: true }, token, act)
  await call(text)
  const [called] = of('tool.call')
  const requests = of('outbound.request')
  for (const each of requests) expect(each['requestUid']).toBe(called!['requestUid'])
  expect(JSON.stringify(requests)).not.toContain(CALLER)
  return requests
}

describe('whether arguments say where a request goes', () => {
  const asks = async (text: string) => (await told(() => read(`${base}/`), CALLER, text))[0]!['argumentMatch']
  it.each([
    ['the URL', () => `${base}/`],
    ['the host in a sentence', () => 'look at 127.0.0.1 for me'],
    ['the address spelt as one number', () => `http://2130706433:${port()}/`],
    ['the address in hexadecimal', () => `HTTP://0x7f.1:${port()}/`],
  ])('they do: %s', async (_, text) => expect(await asks(text())).toBe(true))
  it.each([
    ['another host', () => 'http://10.0.0.1/'],
    ['no host', () => 'what is the time'],
    ['what is no URL', () => 'http://[::1'],
  ])('they do not: %s', async (_, text) => expect(await asks(text())).toBe(false))

  it('a name without a dot counts where it is the whole text', async () => {
    const localhost = () => read(`http://localhost:${port()}/`)
    const match = async (text: string) => (await told(localhost, CALLER, text))[0]!['argumentMatch']
    expect(await match('localhost:8080')).toBe(true)
    expect(await match(`http://localhost:${port()}/x`)).toBe(true)
    expect(await match('is it on localhost')).toBe(false)
  })

  it('an address that does not answer still has its class', async () => {
    const closed = createServer()
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/`
    await new Promise((resolve) => closed.close(resolve))
    const [request] = await told(() => read(url).catch(() => ''))
    expect(request).toMatchObject({ ipClass: 'loopback', destinationHost: '127.0.0.1', argumentMatch: false })
    expect(request!['failure']).toBeTruthy()
  })
})

describe.each([
  [
    'fetch',
    (url: string, headers: object, method = 'GET', body?: string) =>
      read(url, { method, headers, ...(body && { body }) } as RequestInit),
  ],
  [
    'node:http',
    (url: string, headers: object, method = 'GET', body?: string) => nodeHttp(url, { method, headers }, body),
  ],
] as const)('%s', (client, send) => {
  it('tells destination, address class, verb, status and size', async () => {
    const [request, ...more] = await told(() =>
      send(`${base}/v1/things?q=1`, { 'content-length': '5' }, 'POST', 'hello'),
    )
    expect(more).toEqual([])
    expect(request).toMatchObject({
      destinationHost: '127.0.0.1',
      ipClass: 'loopback',
      verb: 'POST',
      status: 200,
      pathClass: 'api',
      bytesOut: 5,
      redirects: 0,
      toolName: 'act',
      credentialRelation: 'none',
    })
    expect(request!['durationMs']).toBeGreaterThanOrEqual(0)
  })
  it('sees the class of the address behind a name, whatever the name looks like', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation(((
      _: string,
      options: { all?: boolean },
      done: (...of: unknown[]) => void,
    ) =>
      options.all === true
        ? done(null, [{ address: '127.0.0.1', family: 4 }])
        : done(null, '127.0.0.1', 4)) as typeof dns.lookup)
    const [request] = await told(() => send(`http://files.public.example:${port()}/x`, {}))
    expect(request).toMatchObject({ destinationHost: 'files.public.example', ipClass: 'loopback', status: 200 })
  })
  it('knows the caller’s own token again, and says its audiences', async () => {
    const [request] = await told(() => send(`${base}/api`, bearer(CALLER)))
    expect(request).toMatchObject({ credentialRelation: 'same_token', sentAud: ['https://mcp.example'] })
  })
  it('knows it in another header and in the query string', async () => {
    const [header, query] = await told(async () => {
      await send(`${base}/api`, { 'x-user-token': `jwt=${CALLER}` })
      await send(`${base}/api?access_token=${CALLER}`, {})
    })
    expect(header).toMatchObject({ credentialRelation: 'same_token' })
    expect(query).toMatchObject({ credentialRelation: 'same_token' })
    expect(JSON.stringify(query)).not.toContain('access_token=')
  })
  it('tells the server’s own credential apart', async () => {
    const [key, basic] = await told(async () => {
      await send(`${base}/api`, { 'x-api-key': OWN })
      await send(`${base}/api`, { authorization: 'Basic dXNlcjpwYXNz' })
    })
    expect([key!['credentialRelation'], basic!['credentialRelation']]).toEqual(['service_identity', 'service_identity'])
  })
  it('knows a token that was exchanged for the caller’s, and one that was not', async () => {
    const content = { 'content-type': 'application/x-www-form-urlencoded' }
    const requests = await told(async () => {
      await send(`${base}/oauth/token`, content, 'POST', exchange(CALLER))
      await send(`${base}/api/a`, bearer(EXCHANGED))
      await send(`${base}/own/token`, content, 'POST', form({ grant_type: 'client_credentials' }))
      await send(`${base}/api/b`, bearer(OWN))
    })
    expect(requests.map((each) => each['pathClass'])).toEqual(['token', 'api', 'token', 'api'])
    expect(requests[1]).toMatchObject({ credentialRelation: 'exchanged', sentAud: ['https://downstream.example'] })
    expect(requests[3]).toMatchObject({ credentialRelation: 'service_identity' })
  })
  it('a token that came of an exchange nobody could read is of unknown relation', async () => {
    const handedOut = jwt({ aud: 'https://unread.example', of: client })
    const [request] = await told(async () => {
      tokenHandedOut(callInFlight()!, undefined, JSON.stringify({ access_token: handedOut }))
      await send(`${base}/api`, bearer(handedOut))
    })
    expect(request).toMatchObject({ credentialRelation: 'unknown', sentAud: ['https://unread.example'] })
  })
  it('tells why there was no answer', async () => {
    const [reset] = await told(() => send(`${base}/reset`, {}).catch(() => undefined))
    expect(reset).toMatchObject({ status: 0, destinationHost: '127.0.0.1' })
    expect(reset!['failure']).toMatch(/\w/)
  })
})

describe('redirects', () => {
  it('are one request with the hosts it was led to', async () => {
    const requests = await told(() => read(`${base}/moved`))
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({ redirects: 1, redirectHosts: ['127.0.0.1'], status: 200 })
  })
  it('one after another, each relative to the one before, are one request still', async () => {
    const requests = await told(() => read(`${base}/first/moved`))
    expect(requests).toHaveLength(1)
    expect(requests[0]).toMatchObject({ redirects: 2, redirectHosts: ['127.0.0.1', '127.0.0.1'], status: 200 })
  })
  it('that take the caller’s token to another host say so, although the first one got none', async () => {
    const [request] = await told(async () => {
      const { headers } = await fetch(`${base}/elsewhere`, { redirect: 'manual' })
      await read(headers.get('location')!, { headers: bearer(CALLER) }).catch(() => undefined)
    })
    expect(request).toMatchObject({ redirects: 1, redirectHosts: ['localhost'], credentialRelation: 'same_token' })
  })
  it('to another host are seen as such', async () => {
    const [request] = await told(() => read(`${base}/elsewhere`).catch(() => undefined))
    expect(request).toMatchObject({ destinationHost: '127.0.0.1', redirects: 1, redirectHosts: ['localhost'] })
  })
  it('that nobody follows are told when the call ends', async () => {
    const requests = await told(async () => {
      await read(`${base}/moved`, { redirect: 'manual' })
      await read(`${base}/dead-end`, { redirect: 'manual' })
    })
    expect(requests.map((each) => each['status']).sort()).toEqual([301, 302])
  })
})

describe('what is not told', () => {
  it('requests outside a call, and all of a server that did not ask', async () => {
    const { call, of } = await stage({}, CALLER, () => read(`${base}/api`))
    await call('x')
    await read(`${base}/api`)
    expect(of('outbound.request')).toEqual([])
    expect(of('tool.result')).toHaveLength(1)
  })
  it('a request that a call left running is told as such', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const { call, of } = await stage({ outbound: true }, CALLER, () => {
      late = new Promise((resolve) => setTimeout(resolve, 30)).then(() => read(`${base}/late`))
    })
    await call('x')
    await late
    expect(of('outbound.request')[0]).toMatchObject({ flags: ['after_answer'] })
  })
  it('more requests than anyone reads: the last one told says so', async () => {
    const requests = await told(async () => {
      for (let i = 0; i < 270; i++) await read(`${base}/n`)
    })
    expect(requests).toHaveLength(256)
    expect(requests.at(-1)!['flags']).toEqual(['outbound_bounded'])
  })
  it('two calls at once keep their requests apart', async () => {
    const { call, of } = await stage({ outbound: true }, CALLER, (text) => read(`${base}/api/${text}`))
    await Promise.all(['a', 'b', 'c', 'd'].map(call))
    const calls = of('tool.call').map((each) => each['requestUid'])
    expect(new Set(of('outbound.request').map((each) => each['requestUid']))).toEqual(new Set(calls))
  })
})

describe('a path', () => {
  it.each([
    ['/oauth2/v2.0/token', 'token'],
    ['/introspect?x', 'introspect'],
    ['/oauth2/userinfo', 'userinfo'],
    ['/.well-known/openid-configuration', 'metadata'],
    ['/graphql', 'graphql'],
    ['/v1/messages', 'api'],
    ['/tokens/list', 'other'],
  ])('%s is of class %s', (path, expected) => expect(pathClass(path)).toBe(expected))
})

describe('our own exporter', () => {
  it('sends in no call’s name, although a call set it off', async () => {
    const received: string[] = []
    const collector = createServer((incoming, answer) => {
      let text = ''
      incoming.on('data', (chunk) => {
        text += chunk
      })
      incoming.on('end', () => {
        received.push(text)
        answer.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
    const sink = createSink(new OtlpAuditExporter({ url, compression: 'none' }), { delayMs: 1 })
    const { call } = await stage({ outbound: true, sink }, CALLER, () => read(`${base}/api/once`))
    await call('x')
    await call('y')
    await shutdownAudit()
    collector.close()
    const types = received.join('').match(/"eventType":"[a-z._]+"/g) ?? []
    expect(types.filter((type) => type.includes('outbound.request'))).toHaveLength(2)
  })
})

describe('what an outbound request may not repeat', () => {
  it('a secret in the name of a host, of a redirect too', async () => {
    const quietly = (url: string) => read(url).catch(() => undefined)
    const events = await told(async () => {
      await quietly(`${base}/into-a-name`)
      await quietly(`http://${SECRET}.invalid/`)
    })
    expect(events).toMatchObject([{ redirectHosts: ['[redacted]'] }, { destinationHost: '[redacted]' }])
    expect(JSON.stringify(events).toLowerCase()).not.toContain(SECRET.toLowerCase())
  })
})

describe('what we send and write ourselves', () => {
  it('is no outbound request and no side effect of the call that set it off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'own-effects-'))
    const sink = createSink(new OtlpAuditExporter({ url: `${base}/collector` }), {
      ...{ delayMs: 1, maxQueued: 32, spool: { folder, fsync: 'each' } },
    })
    const told: Fields[] = []
    const emit = sink.emit.bind(sink)
    sink.emit = (event: PendingEvent) => {
      told.push(event.fields)
      emit(event)
    }
    const sent = () => seen.filter(({ url }) => url?.startsWith('/collector')).length
    const { call } = await stage({ outbound: true, sideEffects: true, sink }, CALLER, async () => {
      const before = sent()
      await expect.poll(sent).toBeGreaterThan(before)
    })
    for (let round = 0; round < 3; round++) await call('hello')
    await sink.flush()
    await shutdownAudit()
    const types = told.map(({ eventType }) => eventType)
    expect(types.filter((type) => type === 'tool.result')).toHaveLength(3)
    expect(types.filter((type) => type === 'outbound.request' || type === 'side_effect')).toEqual([])
    rmSync(folder, { recursive: true })
  })
})
