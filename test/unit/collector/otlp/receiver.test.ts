/** The receiver over real HTTP: its answers, the requests of a stock Collector, overload and credentials. */
import { readFileSync } from 'node:fs'
import { deflateSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { encodeLogs } from '../../../../collector/instrument/delivery/otlp-encode.ts'
import { bearerCallers } from '../../../../collector/otlp/credentials.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { Intake } from '../../../../schemas/ports.ts'
import { decodeIndependently, encodeIndependently, field, logsRequest } from './independent-codec.ts'
import {
  attributed,
  closeAll,
  forget,
  JSON_TYPE,
  json,
  limits,
  nested,
  PROTOBUF,
  record,
  request,
  seen,
  send,
  start,
  time,
  valid,
} from './receiver-bed.ts'

let port = 0
beforeAll(async () => {
  port = await start()
})
afterAll(closeAll)
afterEach(forget)

describe('answers', () => {
  it('200 with an empty JSON object, or an empty protobuf message, in the type of the request without parameters', async () => {
    const answer = await send(port, request(record()), { 'content-type': 'application/json; charset=utf-8' })
    expect([answer.status, answer.headers['content-type'], answer.body.toString()]).toEqual([200, JSON_TYPE, '{}'])
    const bytes = encodeLogs({
      resource: {},
      scope: { name: '', version: '' },
      records: [{ time: '2026-11-24T05:00:00Z', eventName: 'mcp_audit.tool.call', body: JSON.stringify(valid()) }],
    })
    const protobuf = await send(port, bytes, { 'content-type': PROTOBUF })
    expect([protobuf.status, protobuf.headers['content-type'], protobuf.body.length]).toEqual([200, PROTOBUF, 0])
    expect(seen.events.map((event) => event.toolName)).toEqual(['add', 'add'])
    expect(seen.events[0]).toMatchObject({
      tenant: 'default',
      serverId: 'srv',
      serverClaimed: true,
      source: 'native',
      receivedAt: '2026-11-24T06:00:00.000Z',
    })
  })

  it('200 with partialSuccess that counts and explains what was refused, in both encodings', async () => {
    const bad = attributed('x', '{"intValue":"9007199254740993"}')
    const answer = await send(port, request(record(), bad, record()))
    expect([answer.status, answer.headers['content-type']]).toEqual([200, JSON_TYPE])
    expect(json(answer)).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: 'otlp: attributes.x: integer beyond 2^53 - 1' },
    })
    const good = encodeIndependently('LogRecord', {
      timeUnixNano: time,
      eventName: 'mcp_audit.tool.call',
      body: { stringValue: JSON.stringify(valid()) },
    })
    const protobuf = await send(port, logsRequest(good, field(9, Buffer.alloc(3, 1)), good), {
      'content-type': PROTOBUF,
    })
    expect(decodeIndependently('ExportLogsServiceResponse', protobuf.body)).toEqual({
      partialSuccess: { rejectedLogRecords: '1', errorMessage: 'otlp: traceId: must be 16 bytes' },
    })
    expect(seen.events).toHaveLength(4)
  })

  it.each([
    ['400 for JSON that is none', '{', {}, 400, 3],
    ['400 for protobuf that is none', 'hello', { 'content-type': PROTOBUF }, 400, 3],
    ['400 for gzip that is none', 'hello', { 'content-encoding': 'gzip' }, 400, 3],
    [
      '400 for gzip that is cut short',
      gzipSync(request(record())).subarray(0, 40),
      { 'content-encoding': 'gzip' },
      400,
      3,
    ],
    ['400 for values nested too deep', request(`{"body":${nested(40)}}`), {}, 400, 3],
    ['413 for a body over the limit', Buffer.alloc(limits.requestBytes + 1, ' '), {}, 413, 11],
    ['415 for another media type', 'x', { 'content-type': 'text/plain' }, 415, 3],
    ['415 for deflate', deflateSync(request(record())), { 'content-encoding': 'deflate' }, 415, 3],
  ] as [string, string | Buffer, { [name: string]: string }, number, number][])(
    '%s, as google.rpc.Status in the type of the request',
    async (_, body, headers, status, code) => {
      const answer = await send(port, body, headers)
      const media = headers['content-type'] === PROTOBUF ? PROTOBUF : JSON_TYPE
      expect([answer.status, answer.headers['content-type']]).toEqual([status, media])
      const parsed = media === PROTOBUF ? decodeIndependently('RpcStatus', answer.body) : json(answer)
      expect(parsed).toEqual({ code, message: expect.stringMatching(/.+/) })
      expect([seen.events, seen.letters]).toEqual([[], []])
    },
  )

  it('404 for other paths, 405 with Allow for other methods', async () => {
    expect((await send(port, '{}', {}, '/v1/metrics')).status).toBe(404)
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await send(port, '', {}, '/v1/traces', method)
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST'])
    }
  })

  it('503 with Retry-After while the bus cannot take more, and takes the same request afterwards', async () => {
    seen.publish = () => Promise.reject(new AuditdError('spool_full', 'spool', '', 'full'))
    const body = request(record())
    const answer = await send(port, body)
    expect([answer.status, answer.headers['retry-after'], json(answer)['code']]).toEqual([503, '1', 14])
    seen.publish = async () => undefined
    expect((await send(port, body)).status).toBe(200)
    expect(seen.events).toHaveLength(1)
  })

  it.each([';;;', 'json', '/', 'application/json/x', '\u00ff/x'])('415 for the content-type %j', async (type) => {
    const answer = await send(port, request(record()), { 'content-type': type })
    expect([answer.status, answer.headers['retry-after'], seen.events]).toEqual([415, undefined, []])
  })

  it('503, never 500, when something breaks inside', async () => {
    seen.publish = () => Promise.reject(new TypeError('a bug'))
    const answer = await send(port, request(record()))
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
    expect(answer.body.toString()).not.toContain('a bug')
    expect(seen.logs).toEqual([expect.stringMatching(/^request_failed .*TypeError at .*receiver\.test/)])
    expect(seen.logs.join()).not.toContain('a bug')
  })

  it('acknowledges only after the bus has published', async () => {
    let release = (): void => undefined
    seen.publish = () => new Promise((resolve) => (release = resolve))
    let answered = false
    const pending = send(port, request(record())).then((answer) => {
      answered = true
      return answer
    })
    await expect.poll(() => seen.counts.some((line) => line.startsWith('mcp_auditd_events_received_total'))).toBe(true)
    expect(answered).toBe(false)
    release()
    expect((await pending).status).toBe(200)
  })
})

describe('what a stock Collector sends', () => {
  it.each(['logs-json-gzip', 'logs-json-none', 'logs-proto-gzip', 'logs-proto-none', 'logs-proto-zstd'])(
    'is taken and answered as it expects: %s',
    async (name) => {
      const recorded = JSON.parse(
        readFileSync(new URL(`../../../fixtures/collector-otlphttp/${name}.json`, import.meta.url), 'utf8'),
      )
      const type = recorded.headers['Content-Type']
      const answer = await send(
        port,
        Buffer.from(recorded.bodyBase64, 'base64'),
        {
          'content-type': type,
          ...(recorded.headers['Content-Encoding'] ? { 'content-encoding': recorded.headers['Content-Encoding'] } : {}),
        },
        recorded.path,
      )
      expect([answer.status, answer.headers['content-type']]).toEqual([200, type])
      // Three records: one with an integer beyond 2^53, one tool call, one that names no MCP method.
      expect(seen.letters.map((letter) => letter.field)).toEqual(['attributes.a.int.max'])
      expect(seen.events.map((event) => [event.toolName, event.source])).toEqual([['delete_repo', 'otlp_log']])
      expect(seen.counts).toContain('mcp_auditd_events_dropped_total 1 {"component":"otlp","reason":"not_mcp"}')
    },
  )

  it.each(['spans-json-gzip', 'spans-json-none', 'spans-proto-gzip', 'spans-proto-none'])(
    'gives one event per MCP span, the same from each encoding: %s',
    async (name) => {
      const recorded = JSON.parse(
        readFileSync(new URL(`../../../fixtures/collector-otlphttp/${name}.json`, import.meta.url), 'utf8'),
      )
      const headers = {
        'content-type': recorded.headers['Content-Type'],
        ...(recorded.headers['Content-Encoding'] ? { 'content-encoding': recorded.headers['Content-Encoding'] } : {}),
      }
      const answer = await send(port, Buffer.from(recorded.bodyBase64, 'base64'), headers, recorded.path)
      expect(answer.status).toBe(200)
      // Event times of the recording lie months before receipt: clamped and flagged, not refused.
      expect(
        seen.events.map((event) => [
          event.eventType,
          event.traceId,
          event.vantage,
          event.flags?.includes('event_time_clamped'),
        ]),
      ).toEqual([
        ['http.request', '5b8efff798038103d269b633813fc60c', 'client', true],
        ['tool.call', '5b8efff798038103d269b633813fc60c', 'client', true],
        ['tool.call', 'a0892f3577b34da6a3ce929d0e0e4736', 'client', true],
      ])
      expect(JSON.stringify(seen.events)).not.toContain('Oslo')
    },
  )
})

describe('overload', () => {
  it('is 503 for all, and 429 for the one producer that holds more than half', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const stuck: Intake = { take: async () => held.then(() => ({ accepted: 1, rejected: 0, reason: '' })) }
    const authenticate = bearerCallers(
      ['a', 'b', 'c'].map((keyId) => ({ keyId, secret: `secret-${keyId}`, tenant: 't', servers: [] })),
    )
    const to = await start({ intake: stuck, authenticate, limits: { requestBytes: 50_000, inFlightBytes: 100_000 } })
    const post = (keyId: string, bytes: number) =>
      send(to, request(record()).padEnd(bytes), { authorization: `Bearer secret-${keyId}` })
    const first = post('a', 45_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const greedy = await post('a', 45_000)
    expect([greedy.status, greedy.headers['retry-after']]).toEqual([429, '1'])
    const second = post('b', 45_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const late = await post('c', 45_000)
    expect([late.status, late.headers['retry-after']]).toEqual([503, '1'])
    release()
    expect([(await first).status, (await second).status, (await post('c', 45_000)).status]).toEqual([200, 200, 200])
  })
})

describe('credentials', () => {
  const authenticate = bearerCallers([{ keyId: 'key-1', secret: 's3cret', tenant: 'acme', servers: ['srv'] }])

  it('are asked for with 401 when keys are configured', async () => {
    const to = await start({ authenticate })
    for (const headers of [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: 'Basic s3cret' },
      { authorization: 's3cret' },
    ] as { [name: string]: string }[]) {
      const answer = await send(to, request(record()), headers)
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
    }
    expect(seen.events).toEqual([])
  })

  it('decide tenant and server; a body that says otherwise is a dead letter', async () => {
    const to = await start({ authenticate })
    const bearer = { authorization: 'Bearer s3cret' }
    await send(to, request(record(), record({ tenant: 'other' })), bearer)
    await send(to, request(record({ serverId: 'foreign' })), bearer)
    expect(seen.events).toMatchObject([{ tenant: 'acme', serverId: 'srv' }])
    expect(seen.events[0]!.serverClaimed).toBeUndefined()
    expect(seen.letters.map((letter) => [letter.tenant, letter.field])).toEqual([
      ['acme', 'tenant'],
      ['acme', 'serverId'],
    ])
  })

  it('are needed by web pages: a post with an Origin is 403 without keys', async () => {
    expect((await send(port, request(record()), { origin: 'https://evil.example' })).status).toBe(403)
  })
})
