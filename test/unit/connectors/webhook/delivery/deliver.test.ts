/** The delivery loops against receivers that fail in every documented way, in virtual time over real sockets. */
import { afterEach, describe, expect, it } from 'vitest'
import { type Deliveries, startDeliveries } from '../../../../../connectors/webhook/delivery/deliver.ts'
import type { DeliveryPolicy } from '../../../../../connectors/webhook/delivery/delivery-policy.ts'
import { httpTarget } from '../../../../../connectors/webhook/http-target.ts'
import { createSend, type Send } from '../../../../../connectors/webhook/send.ts'
import { slackTarget } from '../../../../../connectors/webhook/targets/slack.ts'
import { signersOf, standardWebhooksTarget } from '../../../../../connectors/webhook/targets/standard-webhooks.ts'
import { AuditdError } from '../../../../../schemas/errors.ts'
import type { AlertTarget, TargetAnswer } from '../../../../../schemas/ports.ts'
import { sampleAlert } from '../../../../fakes/alerts.ts'
import { DeliveryOutbox } from '../../../../fakes/outbox.ts'
import { FakeSlack } from '../../../../fakes/slack.ts'
import { StandardWebhooksReceiver } from '../../../../fakes/standard-webhooks-receiver.ts'
import { RecordedTelemetry } from '../../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../../fakes/virtual-time.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const onFatal = (error: unknown) => {
  throw error
}
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const alerts = (count: number) =>
  Array.from({ length: count }, (_, at) => sampleAlert({ alertId: at.toString(16).padStart(32, '0') }))

/** The loops in virtual time. `random` is always one half: every back-off is half of its ceiling. */
function service(
  targets: readonly AlertTarget[],
  options: { time?: VirtualTime; send?: Send; policy?: Partial<DeliveryPolicy> } = {},
) {
  const time = options.time ?? new VirtualTime()
  const outbox = new DeliveryOutbox()
  const telemetry = new RecordedTelemetry()
  const post = options.send ?? createSend({ allowPrivate: true, deadlineMs: 150 })
  const start = (): Deliveries => {
    const started = startDeliveries({
      outbox,
      targets,
      send: (request, signal) => time.still(() => post(request, signal)),
      clock: time,
      telemetry,
      random: () => 0.5,
      sleep: time.sleep,
      onFatal,
      policy: options.policy ?? {},
    })
    closing.push(() => started.stop(0))
    return started
  }
  const settled = () => time.until(() => outbox.in('waiting') === 0)
  const counted = (target: string, result: string) =>
    telemetry.counted('mcp_auditd_deliveries_total', { target, result })
  return { time, outbox, telemetry, start, settled, counted }
}

async function standardWebhooks(time: VirtualTime) {
  const receiver = await StandardWebhooksReceiver.start({ secret: SECRET, nowMs: () => time.nowMs() })
  closing.push(() => receiver.close())
  return { receiver, target: standardWebhooksTarget('siem', receiver.url, signersOf('siem', SECRET)) }
}
async function slack() {
  const fake = await FakeSlack.start()
  closing.push(() => fake.close())
  return { fake, target: slackTarget('soc', fake.url) }
}
/** A target whose service answers from a list and then takes everything. */
function scripted(name: string, answers: (TargetAnswer | Error)[]) {
  const atMs: number[] = []
  const target = httpTarget({
    name,
    request: (delivery, nowMs) => {
      atMs.push(nowMs)
      return { url: `https://${name}.example/`, headers: {}, body: delivery.idempotencyKey }
    },
    verdict: ({ status }) =>
      status === 200
        ? { kind: 'delivered' }
        : status === 410
          ? { kind: 'refused', reason: 'gone' }
          : { kind: 'retry', reason: `status ${status}` },
  })
  const send: Send = async () => {
    const answer = answers.shift() ?? { status: 200, headers: {}, body: '' }
    if (answer instanceof Error) throw answer
    return answer
  }
  return { target, send, atMs }
}
const status = (code: number, headers: Record<string, string> = {}): TargetAnswer => ({
  status: code,
  headers,
  body: '',
})

describe('a receiver that fails and recovers', () => {
  it.each([
    ['500', { status: 500, body: 'oops' }],
    ['hang', 'hang'],
    ['slow drip', 'drip'],
    ['reset', 'reset'],
    ['redirect', { redirect: 'http://127.0.0.1:1/' }],
    ['503', { status: 503, body: '' }],
  ] as const)('%s: the alert comes with the next attempt', async (_, fault) => {
    const time = new VirtualTime()
    const { receiver, target } = await standardWebhooks(time)
    const { outbox, start, settled, counted } = service([target], { time })
    receiver.server.faults.push(fault)
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    expect(receiver.taken).toHaveLength(1)
    expect(receiver.server.received).toHaveLength(2)
    expect(counted('siem', 'retry')).toBe(1)
    expect(counted('siem', 'delivered')).toBe(1)
  })
  it('an alert that was taken although its answer was lost comes again under the same key, and is taken once', async () => {
    const time = new VirtualTime()
    const { receiver, target } = await standardWebhooks(time)
    const { outbox, start, settled } = service([target], { time })
    receiver.server.faults.push('accept-then-hang', 'accept-then-hang')
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    const ids = receiver.server.received.map((request) => request.headers['webhook-id'])
    expect(new Set(ids).size).toBe(1)
    expect(receiver.taken).toHaveLength(1)
    expect(receiver.repeats).toHaveLength(2)
    expect(new Set(receiver.server.received.map((request) => request.body)).size).toBe(1)
  })
  it('a name that cannot be resolved and a refused address are tried again, and no socket is opened', async () => {
    const sockets: string[] = []
    const answers = [
      Promise.reject(Object.assign(new Error('dns'), { code: 'ENOTFOUND' })),
      Promise.resolve(['10.0.0.1']),
      Promise.reject(Object.assign(new Error('dns'), { code: 'EAI_AGAIN' })),
    ]
    for (const answer of answers) answer.catch(() => undefined)
    const send = createSend({
      allowPrivate: false,
      resolve: () => answers.shift() ?? Promise.resolve(['127.0.0.1']),
      onConnect: (address) => sockets.push(address),
    })
    const target = slackTarget('soc', 'https://hooks.example/services/secret-canary')
    const { outbox, start, settled, telemetry, counted } = service([target], { send, policy: { maxAttempts: 5 } })
    outbox.add('soc', sampleAlert())
    start()
    await settled()
    expect(sockets).toEqual([])
    expect(telemetry.logs.map(({ fields }) => fields['reason'])).toEqual([
      'webhook: hooks.example: ENOTFOUND',
      'webhook: hooks.example: resolves to a private address',
      'webhook: hooks.example: EAI_AGAIN',
      'webhook: hooks.example: resolves to a loopback address',
      'webhook: hooks.example: resolves to a loopback address; given up after 5 attempts',
    ])
    expect(counted('soc', 'dead')).toBe(1)
    expect(JSON.stringify(telemetry.logs)).not.toContain('secret-canary')
  })
})

describe('Retry-After', () => {
  it('Slack’s one message a second: every alert is posted, none before it may be', async () => {
    const time = new VirtualTime()
    const { fake, target } = await slack()
    fake.rateClock = () => time.nowMs()
    const { outbox, start, settled, counted } = service([target], { time })
    for (const alert of alerts(6)) outbox.add('soc', alert)
    start()
    await settled()
    expect(fake.messages).toHaveLength(6)
    expect(counted('soc', 'delivered')).toBe(6)
    // Each alert but the first meets 429 at most once: the target is paused for the second that Slack asked for.
    expect(fake.server.received.length).toBeLessThanOrEqual(11)
  })
  it.each([
    ['seconds', '120'],
    ['an HTTP date', 'Thu, 01 Oct 2026 10:02:00 GMT'],
  ])('in %s holds the whole target until then', async (_, header) => {
    const { target, send, atMs } = scripted('siem', [status(429, { 'retry-after': header })])
    const { outbox, start, settled, time } = service([target], { send })
    const startMs = time.nowMs()
    for (const alert of alerts(3)) outbox.add('siem', alert)
    start()
    await settled()
    expect(atMs.map((at) => at - startMs)).toEqual([0, 120_000, 120_000, 120_000])
  })
  it('is obeyed for one day at most', async () => {
    const { target, send, atMs } = scripted('siem', [status(503, { 'retry-after': '999999999' })])
    const { outbox, start, settled } = service([target], { send })
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    expect(atMs[1]! - atMs[0]!).toBe(86_400_000)
  })
})

describe('back-off, circuit and death', () => {
  it('waits twice as long after each failure of one alert', async () => {
    const { target, send, atMs } = scripted(
      'siem',
      Array.from({ length: 5 }, () => status(500)),
    )
    const { outbox, start, settled } = service([target], { send, policy: { openAfter: 100, pollMs: 1 } })
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    expect(atMs.slice(1).map((at, index) => at - atMs[index]!)).toEqual([500, 1000, 2000, 4000, 8000])
  })
  it('after three failures in a row tries one alert at a time, with growing pauses up to five minutes', async () => {
    const { target, send, atMs } = scripted(
      'siem',
      Array.from({ length: 12 }, () => status(500)),
    )
    const { outbox, start, settled } = service([target], { send, policy: { retry: { baseMs: 1, capMs: 1 } } })
    for (const alert of alerts(40)) outbox.add('siem', alert)
    start()
    await settled()
    const gaps = atMs.slice(1, 13).map((at, index) => at - atMs[index]!)
    expect(gaps).toEqual([0, 0, 2500, 5000, 10000, 20000, 40000, 80000, 150000, 150000, 150000, 150000])
    expect(atMs).toHaveLength(40 + 12)
  })
  it('an outage of a day loses nothing and resends only what failed', async () => {
    const time = new VirtualTime()
    const upMs = time.nowMs() + 86_400_000
    const taken: string[] = []
    let tries = 0
    const { target } = scripted('siem', [])
    const send: Send = async (request) => {
      tries++
      if (time.nowMs() < upMs) return status(502)
      taken.push(request.body)
      return status(200)
    }
    const { outbox, start, settled, counted } = service([target], { time, send })
    const all = alerts(300)
    for (const alert of all) outbox.add('siem', alert)
    start()
    await settled()
    expect(taken.sort()).toEqual(all.map((alert) => `${alert.alertId}-1`).sort())
    expect(counted('siem', 'dead')).toBe(0)
    expect(counted('siem', 'retry')).toBe(tries - 300)
    // A try every two and a half minutes for a day.
    expect(tries - 300).toBeLessThan(1_000)
    expect(time.nowMs() - upMs).toBeLessThan(3_600_000)
  })
  it('an alert is dead after its last attempt, counted and kept with its reason', async () => {
    const { target, send } = scripted(
      'siem',
      Array.from({ length: 4 }, () => status(500)),
    )
    const { outbox, start, settled, counted, telemetry } = service([target], { send, policy: { maxAttempts: 4 } })
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    expect(outbox.deliveries[0]).toMatchObject({ state: 'dead', reason: 'status 500; given up after 4 attempts' })
    expect(counted('siem', 'retry')).toBe(3)
    expect(counted('siem', 'dead')).toBe(1)
    expect(telemetry.logs.filter(({ name }) => name === 'delivery_failed')).toHaveLength(4)
  })
  it('the default policy keeps trying for more than three days', async () => {
    const { target, send, atMs } = scripted(
      'siem',
      Array.from({ length: 200 }, () => status(500)),
    )
    const { outbox, start, settled } = service([target], { send, policy: { pollMs: 60_000 } })
    outbox.add('siem', sampleAlert())
    start()
    await settled()
    expect(atMs).toHaveLength(200)
    expect((atMs.at(-1)! - atMs[0]!) / 86_400_000).toBeGreaterThan(3)
  })
  it('a refused alert and one that cannot be rendered are dead at once and their neighbours pass', async () => {
    const { target, send } = scripted('siem', [status(410)])
    const fussy = httpTarget({
      name: target.name,
      verdict: target.verdict,
      request(delivery, nowMs) {
        if (delivery.alert.alertId.endsWith('1')) throw new Error('no')
        return target.request(delivery, nowMs)
      },
    })
    const { outbox, start, settled, counted } = service([fussy], { send })
    for (const alert of alerts(4)) outbox.add('siem', alert)
    start()
    await settled()
    expect(outbox.deliveries.map(({ state }) => state)).toEqual(['dead', 'dead', 'delivered', 'delivered'])
    expect(counted('siem', 'refused')).toBe(2)
  })
  it('a hook that was switched off gets its alerts after it is switched on again', async () => {
    const time = new VirtualTime()
    const { fake, target } = await slack()
    fake.state = 'no_service'
    const { outbox, start, settled } = service([target], { time })
    for (const alert of alerts(3)) outbox.add('soc', alert)
    start()
    await time.until(() => fake.server.received.length === 5)
    fake.state = 'active'
    await settled()
    expect(fake.messages).toHaveLength(3)
    expect(fake.server.received).toHaveLength(8)
  })
})

describe('independence and stopping', () => {
  it('a target that hangs for ever delays no other', async () => {
    const { target: healthy } = scripted('healthy', [])
    const { target: hanging } = scripted('hanging', [])
    const send: Send = (request) =>
      request.url.includes('hanging') ? new Promise(() => undefined) : Promise.resolve(status(200))
    const time = new VirtualTime()
    const outbox = new DeliveryOutbox()
    const deliveries = startDeliveries({
      outbox,
      targets: [hanging, healthy],
      send: (request, signal) => abortable(send(request, signal), signal),
      clock: time,
      telemetry: new RecordedTelemetry(),
      random: () => 0.5,
      sleep: time.sleep,
      onFatal,
    })
    for (const alert of alerts(50)) for (const name of ['hanging', 'healthy']) outbox.add(name, alert)
    await time.until(() => outbox.in('delivered', 'healthy') === 50, 1_000)
    expect(outbox.in('waiting', 'hanging')).toBe(50)
    expect(deliveries.resting()).toBe(false)
    await deliveries.stop(0)
    expect(outbox.in('waiting', 'hanging')).toBe(50)
  })
  it('stopping lets the running exchange end and starts no other', async () => {
    const { target } = scripted('siem', [])
    let answer: (answer: TargetAnswer) => void = () => undefined
    let tries = 0
    const send: Send = () => {
      tries++
      return new Promise((resolve) => {
        answer = resolve
      })
    }
    const { outbox, start, time } = service([target], { send })
    for (const alert of alerts(3)) outbox.add('siem', alert)
    const deliveries = start()
    while (tries === 0) await new Promise((resolve) => setImmediate(resolve))
    const stopped = deliveries.stop(60_000)
    answer(status(200))
    await stopped
    expect(tries).toBe(1)
    expect(outbox.in('delivered')).toBe(1)
    expect(outbox.in('waiting')).toBe(2)
    expect(time.nowMs()).toBe(Date.parse('2026-10-01T10:00:00Z'))
  })
  it('an outbox that fails for a while costs no second sending', async () => {
    const { target, send, atMs } = scripted('siem', [])
    const { outbox, start, settled } = service([target], { send })
    outbox.add('siem', sampleAlert())
    const working: AlertTarget['deliver'] = target.deliver.bind(target)
    Object.assign(target, {
      deliver(...given: Parameters<AlertTarget['deliver']>) {
        outbox.failures = 3
        return working(...given)
      },
    })
    start()
    await settled()
    expect(atMs).toHaveLength(1)
  })
  it('waking delivers at once instead of at the next look', async () => {
    const { target, send, atMs } = scripted('siem', [])
    const { outbox, start, settled, time } = service([target], { send, policy: { pollMs: 60_000 } })
    const deliveries = start()
    await time.pass(1_000)
    outbox.add('siem', sampleAlert())
    deliveries.wake()
    await settled()
    expect(atMs).toEqual([Date.parse('2026-10-01T10:00:01Z')])
    await time.until(() => deliveries.resting())
  })
})

function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<T>((_, reject) => {
    signal.addEventListener('abort', () => reject(new AuditdError('target_failed', 'webhook', 'fake', 'stopped')))
  })
  return Promise.race([promise, aborted])
}
