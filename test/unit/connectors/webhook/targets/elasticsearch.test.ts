/** The Elasticsearch target against a bulk API that judges each document: repeats, full queues, mappings, ECS. */
import { afterEach, describe, expect, it } from 'vitest'
import { ecsAlert, ecsEvent } from '../../../../../connectors/webhook/forms/ecs.ts'
import { createSend } from '../../../../../connectors/webhook/send.ts'
import elasticsearch, {
  type ElasticsearchOptions,
  elasticsearchTarget,
} from '../../../../../connectors/webhook/targets/elasticsearch.ts'
import { EVENT_TYPES } from '../../../../../schemas/event.ts'
import type { Exchange } from '../../../../../schemas/ports.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { API_KEY, FakeElasticsearch } from '../../../../fakes/elasticsearch.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
async function started(more: Partial<ElasticsearchOptions> = {}) {
  const fake = await FakeElasticsearch.start()
  closing.push(() => fake.close())
  const post = createSend({ allowPrivate: true, deadlineMs: 2_000 })
  const { signal } = new AbortController()
  const exchange: Exchange = { send: (request) => post(request, signal), clock: { nowMs: Date.now }, signal }
  const target = elasticsearchTarget('elastic', {
    url: fake.url,
    index: 'alerts',
    eventIndex: 'events',
    authorization: `ApiKey ${API_KEY}`,
    form: 'ecs',
    events: true,
    ...more,
  })
  return { fake, target, exchange }
}
const id = (at: number) => at.toString(16).padStart(32, '0')
const deliveries = (count: number, change: (at: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, at) => sampleDelivery('elastic', sampleAlert({ alertId: id(at), ...change(at) })))
const kinds = (verdicts: readonly { kind: string }[]) => verdicts.map(({ kind }) => kind)
const row = (more: object = {}) => ({
  event_type: 'tool.call',
  tenant: 'default',
  event_id: 'e1',
  event_time: '2026-11-24 01:02:03.500000000',
  received_at: '2026-11-24 01:02:03.600',
  server_id: 'files',
  tool_name: 'read_file',
  decision: 'allow',
  labels: [],
  duration_ms: 1.5,
  fields: '{"argsBytes":3}',
  ...more,
})

describe('the Elasticsearch target', () => {
  it('writes alerts as ECS under our id, and a repetition changes nothing and counts as delivered', async () => {
    const { fake, target, exchange } = await started()
    for (const time of [1, 2]) {
      expect(kinds(await target.deliver(deliveries(3), exchange))).toEqual(['delivered', 'delivered', 'delivered'])
      expect([fake.documents.size, fake.conflicts]).toEqual([3, (time - 1) * 3])
    }
    expect(fake.documents.get(`alerts/${id(0)}-1`)).toMatchObject({
      '@timestamp': '2026-10-01T10:06:00Z',
      message: 'Token audience mismatch: alice on files',
      event: {
        ...{ kind: 'alert', category: ['intrusion_detection'], type: ['allowed'] },
        ...{ action: 'alert-opened', severity: 99 },
      },
      rule: { id: 'tok-001-audience-mismatch' },
      user: { id: 'alice' },
      tags: ['MCP07:2025', 'T1550.001'],
      threat: { framework: 'MITRE ATT&CK', technique: { id: ['T1550'], subtechnique: { id: ['T1550.001'] } } },
    })
  })
  it('a full queue is tried again for the documents it met, the others are delivered', async () => {
    const { fake, target, exchange } = await started()
    fake.fullQueue = 2
    expect(kinds(await target.deliver(deliveries(4), exchange))).toEqual(['retry', 'retry', 'delivered', 'delivered'])
    expect(kinds(await target.deliver(deliveries(4), exchange))).toEqual(Array(4).fill('delivered'))
    expect(fake.documents.size).toBe(4)
  })
  it('a document that the mapping refuses costs its neighbours nothing', async () => {
    const { fake, target, exchange } = await started({ form: 'alert' })
    fake.ecs = false
    const some = deliveries(3, (at) => (at === 1 ? { count: 'many' } : {}))
    const verdicts = await target.deliver(some, exchange)
    expect(verdicts[1]).toEqual({ kind: 'refused', reason: 'status 400 document_parsing_exception' })
    expect(kinds(verdicts)).toEqual(['delivered', 'refused', 'delivered'])
  })
  it('halves what is too large for a node', async () => {
    const { fake, target, exchange } = await started()
    fake.maxBytes = 10_000
    expect(new Set(kinds(await target.deliver(deliveries(20), exchange)))).toEqual(new Set(['delivered']))
    expect(fake.documents.size).toBe(20)
  })
  it.each(['{"errors":false,"items":[]}', '{"took":1}', 'ok', '', '{"items":[{"create":{"status":201}},1]}'])(
    '200 with the body %j is delivered for nobody it does not name',
    async (body) => {
      const { target, exchange } = await started()
      const send = async () => ({ status: 200, headers: {}, body })
      const verdicts = kinds(await target.deliver(deliveries(2), { ...exchange, send }))
      expect(verdicts.filter((kind) => kind === 'delivered').length).toBe(body.includes('201') ? 1 : 0)
      expect(verdicts).not.toContain('refused')
    },
  )
  it('a block of the cluster or a wrong key pauses for a person and loses nothing', async () => {
    const { fake, target, exchange } = await started()
    fake.blocked = true
    expect(await target.deliver(deliveries(1), exchange)).toEqual([
      { kind: 'retry', reason: 'status 403 cluster_block_exception', afterMs: 600_000 },
    ])
    const { target: stranger } = await started({ authorization: 'ApiKey wrong', url: fake.url })
    expect(await stranger.deliver(deliveries(1), exchange)).toMatchObject([{ kind: 'retry', afterMs: 600_000 }])
  })

  it('takes rows of events as ECS, each once however often it comes', async () => {
    const { fake, target, exchange } = await started()
    const rows = [row(), row({ event_id: 'e2' }), row({ event_id: 'e2', server_id: 'other' })]
    for (let time = 0; time < 2; time++)
      expect(await target.deliverEvents!(rows, 'k', exchange)).toEqual({ kind: 'delivered' })
    expect(fake.documents.size).toBe(3)
    expect([...fake.documents.values()][0]).toMatchObject({
      '@timestamp': '2026-11-24T01:02:03.500000000Z',
      event: {
        kind: 'event',
        category: ['api'],
        type: ['access', 'allowed'],
        action: 'tool.call',
        duration: 1_500_000,
      },
      mcp_audit: { fields: '{"argsBytes":3}' },
    })
  })
  it('every type of event has a category and types that ECS allows', async () => {
    const { fake, target, exchange } = await started()
    const rows = EVENT_TYPES.flatMap((type) =>
      ['allow', 'deny', 'challenge', 'error', ''].map((decision) =>
        row({ event_type: type, decision, event_id: `${type}${decision}` }),
      ),
    )
    expect(await target.deliverEvents!(rows, 'k', exchange)).toEqual({ kind: 'delivered' })
    expect(fake.documents.size).toBe(rows.length)
  })
  it('hostile text forges no line and no field', async () => {
    const { target } = await started()
    const hostile = sampleAlert({ title: `${HOSTILE}\n{"create":{}}`, saw: HOSTILE, evidence: { [HOSTILE]: HOSTILE } })
    const [payload] = target.payloads([sampleDelivery('elastic', hostile)], 0)
    expect(payload!.body.split('\n')).toHaveLength(3)
    const fields = (value: unknown): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, inner]) => [name, ...fields(inner)])
        : []
    expect(fields(ecsAlert(hostile, 'u')).every((name) => /^[@\w]+$/.test(name))).toBe(true)
    expect(ecsEvent(row({ tool_name: HOSTILE }))['labels']).toMatchObject({ tool: HOSTILE })
  })
  it('shows a payload without its key', async () => {
    const { target } = await started()
    expect(JSON.stringify(target.payloads(deliveries(1), 0))).not.toContain(API_KEY)
  })
  it('a user name without a password, or both beside a key, are refused', async () => {
    const settings = { secret: async () => 'x', allowPrivate: true }
    const create = (more: object) => {
      const config = targetConfig.parse({ type: 'elasticsearch', url: 'http://127.0.0.1:9', ...more })
      return elasticsearch.create('e', config as Parameters<typeof elasticsearch.create>[1], settings)
    }
    const secret = 'env:X'
    await expect(create({ username: 'u' })).rejects.toThrow('targets.e.password')
    await expect(create({ apiKey: secret, username: 'u', password: secret })).rejects.toThrow('targets.e.apiKey')
    await expect(create({ username: 'u', password: secret })).resolves.toMatchObject({ name: 'e' })
  })
})
