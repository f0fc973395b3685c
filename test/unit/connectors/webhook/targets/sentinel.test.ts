/** The Sentinel target: what each answer leads to, splitting, tokens, events, and its configuration. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientToken } from '../../../../../connectors/webhook/azure/azure-token.ts'
import { AUDIT_TABLE, DETECTION_TABLE } from '../../../../../connectors/webhook/azure/sentinel-columns.ts'
import { createSend } from '../../../../../connectors/webhook/send.ts'
import factory, { sentinelTarget } from '../../../../../connectors/webhook/targets/sentinel.ts'
import type { AlertTarget, Exchange, TargetAnswer } from '../../../../../schemas/ports.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { AUDIENCE, CLIENT, SECRET, TENANT } from '../../../../fakes/entra.ts'
import { FakeSentinel, RULE_ID } from '../../../../fakes/sentinel.ts'

const { signal } = new AbortController()
const post = createSend({ allowPrivate: true })
let nowMs = 0
let sentinel: FakeSentinel
let target: AlertTarget
let exchange: Exchange

beforeEach(async () => {
  nowMs = Date.parse('2026-10-01T10:07:00Z')
  sentinel = await FakeSentinel.start(() => nowMs)
  exchange = { send: (request) => post(request, signal), clock: { nowMs: () => nowMs }, signal }
  target = make()
})
afterEach(() => sentinel.close())
const make = (over: { ruleId?: string; alertStream?: string } = {}) =>
  sentinelTarget('soc', {
    endpoint: `${sentinel.url}/`,
    ruleId: RULE_ID,
    alertStream: 'Custom-McpDetection_CL',
    eventStream: 'Custom-McpAudit_CL',
    events: true,
    tokens: clientToken(
      { authority: sentinel.entra.url, tenantId: TENANT, clientId: CLIENT, audience: AUDIENCE },
      { secret: SECRET },
    ),
    ...over,
  })
const id = (at: number) => at.toString(16).padStart(32, '0')
const alerts = (count: number, saw = 'x') =>
  Array.from({ length: count }, (_, at) => sampleDelivery('soc', sampleAlert({ alertId: id(at), saw })))
const delivered = { kind: 'delivered' }
const uids = () => sentinel.rows(DETECTION_TABLE).map((row) => row['AlertUid'])
const posts = () => sentinel.server.received.length

describe('alerts', () => {
  it('stand in the table once each, with every revision', async () => {
    const revisions = [1, 2].map((revision) => sampleDelivery('soc', sampleAlert({ revision })))
    expect(await target.deliver(revisions, exchange)).toEqual([delivered, delivered])
    expect(sentinel.rows(DETECTION_TABLE).map((row) => row['Revision'])).toEqual([1, 2])
    expect(posts()).toBe(1)
  })
  it('go in as many calls as their size takes, none too large, none cut without a word', async () => {
    const many = alerts(200, '語'.repeat(3_000))
    expect(await target.deliver(many, exchange)).toEqual(many.map(() => delivered))
    expect(uids()).toEqual(many.map(({ alert }) => alert.alertId))
    expect(posts()).toBeGreaterThan(1)
    expect(sentinel.truncated).toBe(0)
  })
  it('one call says to whom it belongs, and repeats carry the same id', async () => {
    await target.deliver(alerts(1), exchange)
    await target.deliver(alerts(1), exchange)
    const [first, second] = sentinel.server.received
    expect(first?.headers['x-ms-client-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(second?.headers['x-ms-client-request-id']).toBe(first?.headers['x-ms-client-request-id'])
  })
  it('payloads show where they go, and no token', () => {
    const [payload, ...more] = target.payloads(alerts(2), nowMs)
    expect(more).toEqual([])
    expect(payload?.to).toBe(
      `POST ${sentinel.url}/dataCollectionRules/${RULE_ID}/streams/Custom-McpDetection_CL?api-version=2023-01-01`,
    )
    expect(payload?.headers['authorization']).toBe('***')
    expect(JSON.parse(payload!.body)).toHaveLength(2)
  })
})

describe('a service that takes less', () => {
  it('is given halves until they fit', async () => {
    sentinel.maxBytes = 5_000
    expect(await target.deliver(alerts(20), exchange)).toEqual(alerts(20).map(() => delivered))
    expect(uids()).toHaveLength(20)
  })
  it('is given a row cut further, and refuses one that never fits, alone', async () => {
    sentinel.maxBytes = 5_000
    const [long] = alerts(1, 'y'.repeat(20_000))
    expect(await target.deliver([long!], exchange)).toEqual([delivered])
    expect(sentinel.rows(DETECTION_TABLE)[0]?.['CutFields']).toContain('Saw')
    sentinel.maxBytes = 100
    expect(await target.deliver([long!], exchange)).toEqual([
      { kind: 'refused', reason: 'status 413: a row is too large however far it is cut' },
    ])
  })
})

describe('a row that the service refuses', () => {
  it('costs its neighbours nothing', async () => {
    sentinel.poison = 'poison'
    const mixed = alerts(9).map((delivery, at) =>
      at === 4 ? sampleDelivery('soc', sampleAlert({ alertId: id(at), saw: 'poison' })) : delivery,
    )
    const verdicts = await target.deliver(mixed, exchange)
    expect(verdicts.filter(({ kind }) => kind === 'refused')).toHaveLength(1)
    expect(verdicts[4]).toEqual({ kind: 'refused', reason: 'status 400: the service refuses the row' })
    expect(uids()).toHaveLength(8)
  })
})

describe('an answer that asks to wait', () => {
  it('pauses for as long as the service says, and nothing behind it is sent', async () => {
    sentinel.perMinute = { ...sentinel.perMinute, requests: 1 }
    const many = alerts(200, 'z'.repeat(9_000))
    const verdicts = await target.deliver(many, exchange)
    const taken = uids().length
    expect(taken).toBeGreaterThan(0)
    expect(verdicts.slice(0, taken)).toEqual(Array(taken).fill(delivered))
    expect(new Set(verdicts.slice(taken).map((verdict) => JSON.stringify(verdict)))).toEqual(
      new Set([JSON.stringify({ kind: 'retry', reason: 'status 429', afterMs: 60_000 })]),
    )
    expect(posts()).toBe(2)
  })
  it('a connection that breaks in the middle loses no verdict of what was taken', async () => {
    let calls = 0
    const broken: Exchange = {
      ...exchange,
      send: (request) => {
        if (request.url.includes('/streams/') && ++calls === 2) sentinel.server.faults.push('reset')
        return post(request, signal)
      },
    }
    const verdicts = await target.deliver(alerts(200, 'z'.repeat(9_000)), broken)
    expect(verdicts.filter(({ kind }) => kind === 'delivered')).toHaveLength(uids().length)
    expect(verdicts.at(-1)).toMatchObject({ kind: 'retry', reason: expect.stringContaining('webhook') })
  })
  it.each([
    ['without the role', () => (sentinel.hasRole = false), {}, /403: the identity lacks Monitoring Metrics Publisher/],
    ['of another rule', () => undefined, { ruleId: `dcr-${'b'.repeat(32)}` }, /404: no such rule/],
    ['of another stream', () => undefined, { alertStream: 'Custom-Other_CL' }, /400 InvalidStream: rule id or stream/],
  ])('an identity or an address %s waits for a person, who is told what is missing', async (_, set, over, reason) => {
    set()
    const [verdict] = await make(over).deliver(alerts(1), exchange)
    expect(verdict).toMatchObject({ kind: 'retry', afterMs: 600_000, reason: expect.stringMatching(reason) })
  })
})

describe('a token', () => {
  it('that was withdrawn is replaced once, and the rows are delivered', async () => {
    await target.deliver(alerts(1), exchange)
    sentinel.entra.revokeAll()
    expect(await target.deliver(alerts(1), exchange)).toEqual([delivered])
    expect(sentinel.entra.server.received).toHaveLength(2)
  })
  it('that is never taken is not asked for endlessly', async () => {
    const answer: TargetAnswer = { status: 401, headers: {}, body: '' }
    const never: Exchange = {
      ...exchange,
      send: async (request) => (request.url.includes('/streams/') ? answer : post(request, signal)),
    }
    expect(await target.deliver(alerts(3), never)).toEqual(
      alerts(3).map(() => ({ kind: 'retry', reason: 'status 401: the token is not taken', afterMs: 600_000 })),
    )
    expect(sentinel.entra.server.received).toHaveLength(2)
  })
  it('that nobody issues delays the alerts and says why', async () => {
    sentinel.entra.secret = 'changed'
    expect(await target.deliver(alerts(1), exchange)).toEqual([
      { kind: 'retry', afterMs: 600_000, reason: expect.stringMatching(/^no token: status 401 invalid_client AADSTS/) },
    ])
  })
})

describe('events', () => {
  const row = (at: number, over = {}) => ({
    event_type: 'tool.call',
    event_id: id(at),
    event_time: '2026-10-01 10:05:00.000000000',
    server_id: 'files',
    fields: '{"argsBytes":7}',
    ...over,
  })
  it('stand in their own table with the fields of their type', async () => {
    expect(await target.deliverEvents?.([row(1), row(2)], 'k', exchange)).toEqual(delivered)
    expect(sentinel.rows(AUDIT_TABLE)[0]).toMatchObject({
      EventType: 'tool.call',
      TimeGenerated: '2026-10-01T10:05:00.000Z',
      Fields: { argsBytes: 7 },
    })
  })
  it('older than two days keep their time in EventTime', async () => {
    await target.deliverEvents?.([row(1, { event_time: '2026-09-01 10:05:00' })], 'k', exchange)
    expect(sentinel.rows(AUDIT_TABLE)[0]).toMatchObject({
      TimeGenerated: '2026-10-01T10:07:00.000Z',
      EventTime: '2026-09-01T10:05:00Z',
    })
  })
  it('are one verdict: again while any has to come again, refused when one was', async () => {
    sentinel.poison = 'poison'
    const rows = [row(1), row(2, { tool_name: 'poison' }), row(3)]
    expect(await target.deliverEvents?.(rows, 'k', exchange)).toMatchObject({ kind: 'refused' })
    expect(sentinel.rows(AUDIT_TABLE)).toHaveLength(2)
    sentinel.hasRole = false
    expect(await target.deliverEvents?.(rows, 'k', exchange)).toMatchObject({ kind: 'retry' })
  })
  it('that wait behind others, or beside one that is refused, are not sent twice when the whole comes again', async () => {
    const rows = Array.from({ length: 300 }, (_, at) => row(at, { fields: JSON.stringify({ x: 'y'.repeat(9_000) }) }))
    sentinel.perMinute = { ...sentinel.perMinute, requests: 1 }
    expect(await target.deliverEvents?.(rows, 'k', exchange)).toMatchObject({ kind: 'retry', afterMs: 60_000 })
    expect(sentinel.rows(AUDIT_TABLE).length).toBeGreaterThan(0)
    sentinel.perMinute = { ...sentinel.perMinute, requests: 100 }
    expect(await target.deliverEvents?.(rows, 'k', exchange)).toEqual(delivered)
    const held = sentinel.rows(AUDIT_TABLE).map((stored) => stored['EventId'])
    expect(held).toEqual(rows.map(({ event_id }) => event_id))
    // Delivered as a whole: whoever sends them once more means it.
    await target.deliverEvents?.(rows.slice(0, 1), 'k', exchange)
    expect(sentinel.rows(AUDIT_TABLE)).toHaveLength(301)
  })
  it('are nobody’s where they are not configured', async () => {
    const config = configOf({ kind: 'managed-identity' }, { events: false })
    expect((await factory.create('soc', config, settings)).deliverEvents).toBeUndefined()
  })
})

const settings = { allowPrivate: false, secret: async () => `${SECRET}\n` }
const configOf = (credential: object, over: object = {}) =>
  targetConfig.parse({
    type: 'sentinel',
    endpoint: 'https://mcp-1abc.westeurope-1.ingest.monitor.azure.com',
    ruleId: RULE_ID,
    credential,
    ...over,
  }) as never
describe('its configuration', () => {
  const client = { kind: 'client', tenantId: TENANT, clientId: CLIENT, clientSecret: 'env:SECRET' }
  it.each([
    ['endpoint', configOf(client, { endpoint: 'http://10.0.0.1' }), /targets\.soc\.endpoint: must be https/],
    ['authority', configOf({ ...client, authority: 'https://127.0.0.1' }), /credential\.authority: loopback address/],
  ])('refuses an inner address as %s', async (_, config, reason) => {
    await expect(factory.create('soc', config, settings)).rejects.toThrow(reason)
  })
  it('takes an application or a managed identity', async () => {
    for (const credential of [client, { kind: 'managed-identity' }])
      expect((await factory.create('soc', configOf(credential), settings)).together).toBe(200)
  })
})
