/** A day's outage of each target that takes every event, in virtual time: afterwards each event is there, and repeats are those of lost answers. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forwardEvents } from '../../cli/forward/forwarder.ts'
import { memoryJobState } from '../../connectors/memory/job-state.ts'
import { clientToken } from '../../connectors/webhook/azure/azure-token.ts'
import { eventUid } from '../../connectors/webhook/forms/event-row.ts'
import { createSend, type Send } from '../../connectors/webhook/send.ts'
import { elasticsearchTarget } from '../../connectors/webhook/targets/elasticsearch.ts'
import { fileTarget } from '../../connectors/webhook/targets/file.ts'
import { sentinelTarget } from '../../connectors/webhook/targets/sentinel.ts'
import { splunkTarget } from '../../connectors/webhook/targets/splunk.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AlertTarget, DeadLetter, TargetAnswer } from '../../schemas/ports.ts'
import { API_KEY, FakeElasticsearch } from '../fakes/elasticsearch.ts'
import { AUDIENCE, CLIENT, SECRET, TENANT } from '../fakes/entra.ts'
import { FailingDisk } from '../fakes/failing-disk.ts'
import { FakeSealedEvents, PAGE_ROWS } from '../fakes/sealed-events.ts'
import { FakeSentinel, RULE_ID } from '../fakes/sentinel.ts'
import { FakeSplunk, TOKEN } from '../fakes/splunk.ts'
import { RecordedTelemetry } from '../fakes/telemetry.ts'
import { VirtualTime } from '../fakes/virtual-time.ts'

interface Subject {
  readonly target: AlertTarget
  /** Uids or ids of events, in the order in which they were taken. */
  held(): readonly string[]
  readonly heldAs?: 'id'
  readonly dropsRepeats: boolean
  /** Makes it fail by itself, where the way to it is not HTTP. */
  readonly fail?: (failing: boolean) => void
  close(): Promise<void>
}
const SUBJECTS: Readonly<Record<string, (time: VirtualTime) => Promise<Subject>>> = {
  async splunk(time) {
    const splunk = await FakeSplunk.start()
    splunk.useAck = true
    const names = { index: 'mcp', source: 'mcp-auditd', sourcetype: 'mcp:audit', events: true, acknowledged: true }
    return {
      target: splunkTarget('subject', { ...names, url: splunk.url, token: TOKEN, sleep: time.sleep }),
      held: () => splunk.indexed.map(({ uid }) => uid),
      dropsRepeats: false,
      close: () => splunk.close(),
    }
  },
  async elasticsearch() {
    const fake = await FakeElasticsearch.start()
    const names = { index: 'alerts', eventIndex: 'events', form: 'ecs', events: true } as const
    return {
      target: elasticsearchTarget('subject', { ...names, url: fake.url, authorization: `ApiKey ${API_KEY}` }),
      held: () => fake.order,
      dropsRepeats: true,
      close: () => fake.close(),
    }
  },
  async sentinel(time) {
    const sentinel = await FakeSentinel.start(() => time.nowMs())
    const identity = { authority: sentinel.entra.url, tenantId: TENANT, clientId: CLIENT, audience: AUDIENCE }
    const streams = { alertStream: 'Custom-McpDetection_CL', eventStream: 'Custom-McpAudit_CL' }
    const tokens = clientToken(identity, { secret: SECRET })
    return {
      target: sentinelTarget('subject', { ...streams, endpoint: sentinel.url, ruleId: RULE_ID, events: true, tokens }),
      held: () => sentinel.rows('McpAudit_CL').map(({ EventId }) => String(EventId)),
      heldAs: 'id',
      dropsRepeats: false,
      close: () => sentinel.close(),
    }
  },
  async file() {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-events-'))
    const path = join(folder, 'events.jsonl')
    const disk = new FailingDisk()
    const size = { rotateBytes: 1e9, keep: 1 }
    const target = fileTarget('subject', { path, ...size, form: 'alert', events: true, open: disk.open })
    const lines = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [])
    return {
      target,
      held: () => lines().map((line) => (JSON.parse(line) as { uid: string }).uid),
      dropsRepeats: true,
      fail: (failing) => {
        disk.fault = failing ? 'full' : undefined
      },
      async close() {
        await target.close?.()
        rmSync(folder, { recursive: true })
      },
    }
  },
}
const ANSWERS: readonly (TargetAnswer | 'refused' | 'lost')[] = [
  'refused',
  { status: 503, headers: {}, body: 'no healthy upstream' },
  { status: 429, headers: { 'retry-after': '90' }, body: '' },
  { status: 401, headers: {}, body: '' },
  'lost',
]
const HOURS = 24
const EVENTS_AN_HOUR = 12

describe.each(Object.keys(SUBJECTS))("a day's outage of %s", (name) => {
  it('costs no event and no order, and repeats none but after a lost answer', async () => {
    const time = new VirtualTime()
    const subject = await SUBJECTS[name]!(time)
    const events = new FakeSealedEvents()
    const letters: DeadLetter[] = []
    let answer: (typeof ANSWERS)[number] | undefined
    let lost = 0
    const post = createSend({ allowPrivate: true })
    const send: Send = async (request, signal) => {
      if (answer === 'refused') throw failed('ECONNREFUSED')
      if (typeof answer === 'object') return answer
      const taken = await time.still(() => post(request, signal))
      if (answer !== 'lost') return taken
      lost++
      throw failed('ECONNRESET')
    }
    const target: AlertTarget =
      subject.fail === undefined
        ? subject.target
        : { ...subject.target, deliverEvents: (...asked) => time.still(() => subject.target.deliverEvents!(...asked)) }
    const stop = new AbortController()
    const done = forwardEvents(
      {
        configured: [
          {
            ...{ target, minimumSeverity: 'info', redact: [], flood: { most: 0, perMs: 60_000 } },
            filter: { rules: [], tenants: [], servers: [], except: [] },
          },
        ],
        ...{ events, send, state: memoryJobState(), clock: time, telemetry: new RecordedTelemetry() },
        ...{ deadLetters: { add: async (more) => void letters.push(...more) }, sleep: time.sleep },
        ...{ random: () => 0.5, pollMs: 60_000 },
      },
      stop.signal,
    )
    try {
      await time.pass(1_000)
      for (let hour = 0; hour < HOURS; hour++) {
        answer = ANSWERS[Math.floor((hour * ANSWERS.length) / HOURS)]
        subject.fail?.(true)
        events.add(0, EVENTS_AN_HOUR)
        await time.pass(3_600_000)
      }
      answer = undefined
      subject.fail?.(false)
      const wanted = events.rows.map((row) => (subject.heldAs === 'id' ? String(row['event_id']) : eventUid(row)))
      await time.until(() => new Set(subject.held()).size === wanted.length, 3_600_000)
      await time.pass(600_000)
      expect([...new Set(subject.held())]).toEqual(wanted)
      expect(subject.held().length - wanted.length).toBeLessThanOrEqual(subject.dropsRepeats ? 0 : lost * PAGE_ROWS)
      expect(letters).toEqual([])
    } finally {
      stop.abort()
      await done
      await subject.close()
    }
  }, 60_000)
})
const failed = (reason: string): AuditdError => new AuditdError('target_failed', 'webhook', 'fake', reason)
