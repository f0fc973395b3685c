/** Where other products are pointed at us: their own requests, credentials where their clients put them, and bodies that are no such thing. */
import { gzipSync } from 'node:zlib'
import { serializeEnvelope } from '@sentry/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bearerCallers } from '../../../../collector/otlp/credentials.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import { closeAll, forget, json, seen, send, start } from '../otlp/receiver-bed.ts'
import { jsonFile, lines, posthogEvents } from './recordings.ts'

const KEY = 'k'.repeat(32)
let open = 0
let guarded = 0
beforeAll(async () => {
  open = await start()
  const keys = [{ keyId: 'sentry', secret: KEY, tenant: 'acme', servers: ['payments'] }]
  guarded = await start({ authenticate: bearerCallers(keys) })
})
afterAll(closeAll)
afterEach(forget)

type Envelope = Parameters<typeof serializeEnvelope>[0]
/** The recorded envelopes as the SDK writes them. */
const envelopes = () =>
  Object.values(jsonFile('sentry11-sdk-v2.json') as Record<string, { telemetry: { events: Envelope[] } }>)
    .flatMap(({ telemetry }) => telemetry.events)
    .map((envelope) => Buffer.from(serializeEnvelope(envelope)))
const text = { 'content-type': 'text/plain;charset=UTF-8' }
const methods = () => seen.events.filter(({ eventType }) => eventType !== 'content.finding').map(({ method }) => method)

describe('/v1/sources/<name>', () => {
  it('takes a list, one record and JSON lines alike', async () => {
    const records = lines('toolhive-audit.jsonl')
    const forms = [JSON.stringify(records), records.map((record) => JSON.stringify(record)).join('\r\n')]
    for (const form of forms) {
      forget()
      const answer = await send(open, form, text, '/v1/sources/toolhive')
      expect([answer.status, json(answer)]).toEqual([200, { accepted: records.length, rejected: 0 }])
    }
    const one = await send(open, JSON.stringify(records[2]), {}, '/v1/sources/toolhive')
    expect(json(one)).toEqual({ accepted: 1, rejected: 0 })
  })

  it('keeps the good lines of a body, and says what was wrong with the others', async () => {
    const [first, second] = lines('toolhive-audit.jsonl').map((line) => JSON.stringify(line))
    const body = [first, '{"type":"mcp_tool_call"', '{"type":"mcp_tool_call","outcome":"success"}', second, ''].join(
      '\n',
    )
    const answer = await send(open, gzipSync(body), { 'content-encoding': 'gzip' }, '/v1/sources/toolhive')
    expect(json(answer)).toEqual({
      accepted: 2,
      rejected: 2,
      reason: 'toolhive: line 2: is not JSON, or too deep',
    })
    expect(seen.letters.map(({ component, field }) => `${component} ${field}`)).toEqual([
      'toolhive line 2',
      'toolhive audit_id',
    ])
  })

  it.each([
    ['an unknown source', '/v1/sources/nobody', '[]', 404],
    ['a source that sends OTLP only', '/v1/sources/fastmcp', '[]', 404],
    ['no JSON', '/v1/sources/toolhive', 'hello', 400],
    ['JSON that goes too deep', '/v1/sources/toolhive', '['.repeat(500), 400],
    ['nothing', '/v1/sources/toolhive', '', 400],
  ])('answers %s with its status', async (_, path, body, status) => {
    expect((await send(open, body, {}, path)).status).toBe(status)
    expect(seen.events).toEqual([])
  })

  it('asks for a credential when there are keys, and its tenant and server stand', async () => {
    const body = JSON.stringify(lines('toolhive-audit.jsonl')[2])
    expect((await send(guarded, body, {}, '/v1/sources/toolhive')).status).toBe(401)
    const answer = await send(guarded, body, { authorization: `Bearer ${KEY}` }, '/v1/sources/toolhive')
    expect(answer.status).toBe(200)
    expect(seen.events).toMatchObject([{ tenant: 'acme', serverId: 'payments' }])
    expect(seen.events[0]!.serverClaimed).toBeUndefined()
  })

  it('tells the sender to come again when the bus takes nothing', async () => {
    seen.publish = async () => {
      throw new AuditdError('spool_full', 'spool', '', 'full')
    }
    const answer = await send(open, JSON.stringify(lines('toolhive-audit.jsonl')), {}, '/v1/sources/toolhive')
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1'])
  })
})

describe('a Sentry DSN that names us', () => {
  it('brings each recorded envelope as the SDK writes it', async () => {
    for (const envelope of envelopes()) {
      const answer = await send(open, envelope, text, '/api/42/envelope/?sentry_version=7&sentry_key=public')
      expect([answer.status, json(answer)]).toEqual([200, {}])
    }
    expect(methods()).toEqual([
      'initialize',
      'notifications/initialized',
      'tools/list',
      ...Array.from({ length: 6 }, () => 'tools/call'),
    ])
    expect(seen.letters).toEqual([])
  })

  it('authenticates by the key in it, in the query or in the header of older SDKs', async () => {
    const [envelope] = envelopes()
    expect((await send(guarded, envelope!, text, '/api/42/envelope/?sentry_key=public')).status).toBe(401)
    expect((await send(guarded, envelope!, text, `/api/42/envelope/?sentry_key=${KEY}`)).status).toBe(200)
    const header = { ...text, 'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${KEY}, sentry_client=x/1` }
    expect((await send(guarded, envelope!, header, '/api/42/envelope/')).status).toBe(200)
    expect(new Set(seen.events.map(({ serverId }) => serverId))).toEqual(new Set(['payments']))
  })

  it.each([
    ['cut in the middle of an item', (envelope: Buffer) => envelope.subarray(0, envelope.length - 40)],
    ['without its header', (envelope: Buffer) => envelope.subarray(envelope.indexOf('\n') + 1)],
    ['of another length than it says', () => Buffer.from('{}\n{"type":"span","length":99}\n{}')],
    ['of nonsense', () => Buffer.from([0, 1, 2, 0x0a, 3])],
  ])('refuses an envelope %s without falling over', async (_, broken) => {
    const answer = await send(open, broken(envelopes()[0]!), text, '/api/42/envelope/')
    // Cut inside a payload without a length, the item is refused and the request is read.
    expect([200, 400]).toContain(answer.status)
    expect(seen.events).toEqual([])
  })

  it('passes over attachments and other items, whatever bytes they hold', async () => {
    const attachment = Buffer.from([0x0a, 0xff, 0x00, 0x0a])
    const [whole] = envelopes()
    const body = Buffer.concat([
      Buffer.from(`{}\n{"type":"attachment","length":${attachment.length}}\n`),
      attachment,
      Buffer.from('\n{"type":"session"}\n{"sid":"x"}\n'),
      whole!.subarray(whole!.indexOf('\n') + 1),
    ])
    expect((await send(open, body, text, '/api/42/envelope/')).status).toBe(200)
    expect(methods()).toEqual(['initialize', 'notifications/initialized'])
  })
})

describe('a PostHog host that is us', () => {
  it('brings batches, with the key of the project as credential', async () => {
    const batch = posthogEvents().map(({ distinctId, ...event }) => ({
      ...event,
      type: 'capture',
      distinct_id: distinctId,
    }))
    const body = (key: string) => gzipSync(JSON.stringify({ api_key: key, batch, sent_at: '2026-11-23T00:11:20Z' }))
    const headers = { 'content-encoding': 'gzip' }
    expect((await send(guarded, body('phc_other'), headers, '/batch/')).status).toBe(401)
    const answer = await send(guarded, body(KEY), headers, '/batch/')
    expect([answer.status, json(answer)]).toEqual([200, { status: 1 }])
    expect(methods()).toEqual(['initialize', 'tools/list', ...Array.from({ length: 6 }, () => 'tools/call')])
    expect(seen.events[0]).toMatchObject({ tenant: 'acme', serverId: 'payments' })
  })
})
