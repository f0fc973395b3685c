/** The Splunk target against a collector that refuses what Splunk refuses: batches, one bad event among good ones, acknowledgement. */
import { afterEach, describe, expect, it } from 'vitest'
import { eventUid } from '../../../../../connectors/webhook/forms/event-row.ts'
import { createSend } from '../../../../../connectors/webhook/send.ts'
import { type SplunkOptions, splunkTarget } from '../../../../../connectors/webhook/targets/splunk.ts'
import type { Exchange, TargetAnswer } from '../../../../../schemas/ports.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { FakeSplunk, TOKEN } from '../../../../fakes/splunk.ts'
import { VirtualTime } from '../../../../fakes/virtual-time.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
async function started(more: Partial<SplunkOptions> = {}) {
  const splunk = await FakeSplunk.start()
  closing.push(() => splunk.close())
  const time = new VirtualTime()
  const post = createSend({ allowPrivate: true, deadlineMs: 2_000 })
  const { signal } = new AbortController()
  const exchange: Exchange = { send: (request) => time.still(() => post(request, signal)), clock: time, signal }
  const target = splunkTarget('splunk', {
    url: `${splunk.url}/`,
    token: TOKEN,
    acknowledged: false,
    events: true,
    index: 'mcp',
    source: 'mcp-auditd',
    sourcetype: 'mcp:audit',
    sleep: time.sleep,
    ...more,
  })
  return { splunk, target, exchange, time }
}
const id = (at: number) => at.toString(16).padStart(32, '0')
const deliveries = (count: number, change: (at: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, at) => sampleDelivery('splunk', sampleAlert({ alertId: id(at), ...change(at) })))
const kinds = (verdicts: readonly { kind: string }[]) => verdicts.map(({ kind }) => kind)

describe('the Splunk target', () => {
  it('sends many alerts in one request, with time, host, source type and a uid', async () => {
    const { splunk, target, exchange } = await started()
    expect(kinds(await target.deliver(deliveries(3), exchange))).toEqual(['delivered', 'delivered', 'delivered'])
    expect(splunk.server.received).toHaveLength(1)
    expect(splunk.indexed[0]).toMatchObject({
      uid: `${id(0)}-1`,
      time: Date.parse('2026-10-01T10:06:00Z') / 1000,
      host: 'files',
      sourcetype: 'mcp:audit:alert',
      event: { rule: 'tok-001-audience-mismatch', severity: 'critical' },
    })
  })
  it('splits what is larger than a request may be', async () => {
    const { splunk, target, exchange } = await started()
    const large = deliveries(30, () => ({ saw: 'x'.repeat(7_900), triage: Array(10).fill('y'.repeat(7_000)) }))
    expect(new Set(kinds(await target.deliver(large, exchange)))).toEqual(new Set(['delivered']))
    expect(splunk.server.received.length).toBeGreaterThan(1)
    expect(splunk.indexed.map(({ uid }) => uid)).toEqual(large.map(({ idempotencyKey }) => idempotencyKey))
  })
  it('halves what a smaller limit than the documented one refuses, and nothing stands there twice', async () => {
    const { splunk, target, exchange } = await started()
    splunk.maxBytes = 6_000
    expect(new Set(kinds(await target.deliver(deliveries(20), exchange)))).toEqual(new Set(['delivered']))
    expect(splunk.indexed).toHaveLength(20)
  })
  it('a bad event is refused alone, its neighbours stand there once', async () => {
    const { splunk, target, exchange } = await started()
    splunk.poison = 'poison'
    const some = deliveries(6, (at) => (at === 1 || at === 4 ? { saw: 'poison' } : {}))
    const verdicts = await target.deliver(some, exchange)
    expect(kinds(verdicts)).toEqual(['delivered', 'refused', 'delivered', 'delivered', 'refused', 'delivered'])
    expect(splunk.indexed.map(({ uid }) => uid)).toEqual([0, 2, 3, 5].map((at) => `${id(at)}-1`))
  })
  it('a bad event is found by halving where the answer does not name it', async () => {
    const { target, exchange } = await started()
    const bad = JSON.stringify({ text: 'Invalid data format', code: 6 })
    const send = async ({ body }: { body: string }): Promise<TargetAnswer> => ({
      status: body.includes('poison') ? 400 : 200,
      headers: {},
      body: body.includes('poison') ? bad : '{"code":0}',
    })
    const some = deliveries(7, (at) => (at === 5 ? { saw: 'poison' } : {}))
    expect(kinds(await target.deliver(some, { ...exchange, send }))).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((at) => (at === 5 ? 'refused' : 'delivered')),
    )
  })
  it.each([
    ['a wrong index', (splunk: FakeSplunk) => void splunk.indexes.pop()],
    ['a disabled token', (splunk: FakeSplunk) => void Object.assign(splunk, { disabled: true })],
    ['a token that wants a channel', (splunk: FakeSplunk) => void Object.assign(splunk, { useAck: true })],
  ])('%s loses nothing and pauses for a person', async (_, breakIt) => {
    const { splunk, target, exchange } = await started()
    breakIt(splunk)
    const verdicts = await target.deliver(deliveries(3), exchange)
    expect(verdicts).toEqual(verdicts.map(() => expect.objectContaining({ kind: 'retry', afterMs: 600_000 })))
    expect(splunk.indexed).toHaveLength(0)
  })
  it('a busy collector is tried again, a nearly full one has taken it', async () => {
    const { splunk, target, exchange } = await started()
    splunk.busy = true
    expect(kinds(await target.deliver(deliveries(1), exchange))).toEqual(['retry'])
    splunk.busy = false
    splunk.nearlyFull = true
    expect(kinds(await target.deliver(deliveries(1), exchange))).toEqual(['delivered'])
  })
  it.each(['{"text":"Invalid data format","code":6}', 'OK', '', '[0]', '{"code":"0"}'])(
    '200 with the body %j is not delivered',
    async (body) => {
      const { target, exchange } = await started()
      const send = async () => ({ status: 200, headers: {}, body })
      expect(kinds(await target.deliver(deliveries(1), { ...exchange, send }))).toEqual(['retry'])
    },
  )

  it('waits until the indexer acknowledges', async () => {
    const { splunk, target, exchange, time } = await started({ acknowledged: true })
    splunk.useAck = true
    splunk.slowAcks = 3
    let verdicts: readonly { kind: string }[] | undefined
    void target.deliver(deliveries(2), exchange).then((answer) => {
      verdicts = answer
    })
    await time.until(() => verdicts !== undefined)
    expect(kinds(verdicts!)).toEqual(['delivered', 'delivered'])
    expect(splunk.server.received.map(({ path }) => path.split('/').at(-1))).toEqual(['event', ...Array(4).fill('ack')])
  })
  it('what is not acknowledged within two minutes is not delivered', async () => {
    const { splunk, target, exchange, time } = await started({ acknowledged: true })
    splunk.useAck = true
    splunk.slowAcks = Number.POSITIVE_INFINITY
    let verdicts: readonly { kind: string }[] | undefined
    void target.deliver(deliveries(1), exchange).then((answer) => {
      verdicts = answer
    })
    await time.until(() => verdicts !== undefined, 130_000)
    expect(kinds(verdicts!)).toEqual(['retry'])
  })
  it('a question that got no answer is asked again, and the alert is sent once', async () => {
    const { splunk, target, exchange, time } = await started({ acknowledged: true })
    splunk.useAck = true
    splunk.slowAcks = 1
    let verdicts: readonly { kind: string }[] | undefined
    void target.deliver(deliveries(1), exchange).then((answer) => {
      verdicts = answer
    })
    await time.until(() => splunk.server.received.length >= 1)
    splunk.server.faults.push('reset')
    await time.until(() => verdicts !== undefined)
    expect(kinds(verdicts!)).toEqual(['delivered'])
    expect(splunk.indexed).toHaveLength(1)
  })

  it('takes rows of events with their own time and id', async () => {
    const { splunk, target, exchange } = await started()
    const row = {
      event_type: 'tool.call',
      event_id: 'e1',
      event_time: '2026-11-24 01:02:03.500000000',
      server_id: 'files',
      tool_name: HOSTILE,
      fields: '{"argsBytes":3}',
    }
    expect(await target.deliverEvents!([row, { ...row, event_id: 'e2' }], 'k', exchange)).toEqual({ kind: 'delivered' })
    expect(splunk.indexed.map(({ uid }) => uid)).toEqual([row, { ...row, event_id: 'e2' }].map(eventUid))
    expect(splunk.indexed[0]).toMatchObject({
      time: Date.parse('2026-11-24T01:02:03.5Z') / 1000,
      sourcetype: 'mcp:audit',
      event: { tool_name: HOSTILE, fields: { argsBytes: 3 } },
    })
    expect(splunk.server.received[0]!.body).not.toMatch(/[\u0000-\u0009\u202e\u200b]/)
  })
  it('of a page that was taken in part only the rest is sent again', async () => {
    const { splunk, target, exchange } = await started()
    splunk.poison = 'poison'
    const rows = [1, 2, 3, 4].map((at) => ({ event_id: `e${at}`, tool_name: at === 3 ? 'poison' : 'tool' }))
    expect(await target.deliverEvents!(rows, 'k', exchange)).toMatchObject({ kind: 'refused' })
    expect(await target.deliverEvents!(rows.slice(0, 2), 'k1', exchange)).toEqual({ kind: 'delivered' })
    expect(await target.deliverEvents!(rows.slice(2, 3), 'k2', exchange)).toMatchObject({ kind: 'refused' })
    expect(await target.deliverEvents!(rows.slice(3), 'k3', exchange)).toEqual({ kind: 'delivered' })
    expect(splunk.indexed.map(({ uid }) => uid)).toEqual([rows[0]!, rows[1]!, rows[3]!].map(eventUid))
  })
  it('shows a payload without its token', async () => {
    const { target } = await started({ acknowledged: true })
    const [payload] = target.payloads(deliveries(1), 0)
    expect(payload!.to).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/services\/collector\/event$/)
    expect(JSON.stringify(payload)).not.toContain(TOKEN)
  })
})
