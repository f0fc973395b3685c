/** Findings in the ledger reach Slack and a Standard Webhooks receiver over real sockets, across failures and a restart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runAlertRole } from '../../cli/roles/alert.ts'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import { createSend } from '../../connectors/webhook/send.ts'
import { loadTargets } from '../../connectors/webhook/targets/load.ts'
import type { Alert } from '../../schemas/alert.ts'
import { config } from '../../schemas/config.ts'
import { sampleFinding } from '../fakes/alerts.ts'
import { FakeSlack } from '../fakes/slack.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { RecordedTelemetry } from '../fakes/telemetry.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const ENTITIES = 12
let folder: string
let slack: FakeSlack
let receiver: StandardWebhooksReceiver
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alert-delivery-'))
  slack = await FakeSlack.start()
  receiver = await StandardWebhooksReceiver.start({ secret: SECRET })
})
afterAll(async () => {
  await Promise.all([slack.close(), receiver.close()])
  await rm(folder, { recursive: true })
})

const clock = { nowMs: () => Date.now() }
const findings = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => {
    const number = from + at
    return sampleFinding({
      findingId: number.toString(16).padStart(32, '0'),
      eventId: `event-${number}`,
      entity: `server=files principal=${number % ENTITIES}`,
    })
  })

/** One life of the service on the folder: what it finds there, plus what is given, of which `fresh` are new, until nothing is left to do. */
async function life(next: number, given: ReturnType<typeof findings>, rows: Map<string, Alert>, fresh = given.length) {
  const telemetry = new RecordedTelemetry()
  const ledger = openLedger(folder, clock, telemetry)
  const { targets } = config.parse({
    targets: {
      siem: { type: 'webhook', url: receiver.url, secret: 'env:SIEM' },
      soc: { type: 'slack', url: 'env:SOC' },
    },
  })
  const secrets: Record<string, string> = { 'env:SIEM': SECRET, 'env:SOC': slack.url }
  const configured = await loadTargets(targets, {
    secret: async (name) => secrets[String(name)] ?? '',
    allowPrivate: true,
  })
  const role = await runAlertRole({
    outbox: ledger.outbox,
    store: { insertAlerts: async (alerts) => alerts.forEach((alert) => void rows.set(alert.alertId, alert)) },
    ruleText: () => ({ refs: ['MCP07:2025'], blindSpots: ['opaque'], triage: ['Who?'] }),
    targets: { configured, send: createSend({ allowPrivate: true, deadlineMs: 200 }) },
    clock,
    telemetry,
    random: () => 0,
  })
  await ledger.state.commit({ log: 'segments', partition: 0, next, findings: given })
  await role.idle(fresh)
  await role.stop()
  await ledger.close()
  return telemetry
}

it('every alert reaches both, once under its key, though one fails in six ways and the service restarts', async () => {
  const rows = new Map<string, Alert>()
  receiver.server.faults.push(
    { status: 500, body: 'oops' },
    'reset',
    'accept-then-hang',
    'drip',
    { status: 429, headers: { 'retry-after': '1' }, body: '' },
    { redirect: 'http://169.254.169.254/' },
  )
  await life(1, findings(0, 40), rows)
  // Idle does not wait for a target that is paused: the second life delivers what the first left.
  await life(2, findings(40, 60), rows)
  while (receiver.taken.length < ENTITIES) await life(3, [], rows)
  expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(ENTITIES)
  expect(new Set(receiver.taken.map(({ payload }) => payload.data['alertId']))).toEqual(new Set(rows.keys()))
  expect(slack.messages).toHaveLength(ENTITIES)
  expect([...rows.values()].map(({ count }) => count)).toEqual(Array.from({ length: ENTITIES }, () => 60 / ENTITIES))
})
it('the same findings again change nothing and send nothing', async () => {
  const rows = new Map<string, Alert>()
  const before = receiver.server.received.length
  await life(4, [...findings(0, 60)].reverse(), rows, 0)
  expect(receiver.server.received.length).toBe(before)
  expect(slack.messages).toHaveLength(ENTITIES)
  expect(rows.size).toBe(0)
})
