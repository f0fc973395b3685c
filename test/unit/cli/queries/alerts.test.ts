/** Named queries about alerts, content, destinations and refusals, on rows of which the answer is known. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventFields } from '../../../../schemas/event.ts'
import { at, callOf, hex, only, type SeededStore, seededStore } from '../../../seeded-store.ts'

const found = (minute: number, findingClass: string, fields: EventFields = {}): EventFields => ({
  eventType: 'content.finding',
  serverId: 'wiki',
  eventTime: at(minute),
  toolName: 'search',
  principalKey: hex('alice'),
  clientName: 'Desktop',
  sessionFp: hex('session'),
  surface: 'result',
  findingClass,
  verdict: 'malicious',
  ...fields,
})
const search = (minute: number, person: string): EventFields[] =>
  callOf({
    serverId: 'wiki',
    eventTime: at(minute),
    toolName: 'search',
    principalKey: hex(person),
    requestUid: hex(`search at ${minute}`),
  })
const ALERT = hex('alert-0')
/** Of now, because risk fades within a day. */
const NOW = new Date().toISOString()
const ABOUT_EVE = {
  ...{ principalKey: hex('eve'), firstSeen: NOW, lastSeen: NOW, windowStart: NOW },
  status: 'acknowledged' as const,
}

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({
    events: [
      ...search(1, 'alice'),
      ...search(9, 'alice'),
      {
        eventType: 'tool.call',
        serverId: 'wiki',
        eventTime: at(10),
        eventId: hex('evidence'),
        toolName: 'search',
        requestUid: hex('r'),
      },
      ...search(11, 'bob'),
      ...search(40, 'alice'),
      ...callOf({ serverId: 'files', eventTime: at(10), toolName: 'read', requestUid: hex('elsewhere') }),
      found(10, 'injection.conceal'),
      found(11, 'secret.github_token', { hits: 2, surface: 'arguments', spanHash: hex('secret') } as EventFields),
      found(12, 'secret.github_token', {
        principalKey: hex('bob'),
        surface: 'arguments',
        spanHash: hex('secret'),
      } as EventFields),
      found(13, 'pii.email', { hits: 3, verdict: 'benign' } as EventFields),
      {
        eventType: 'outbound.request',
        serverId: 'wiki',
        eventTime: at(14),
        toolName: 'search',
        principalKey: hex('alice'),
        destinationHost: 'evil.example',
        ipClass: 'public',
        credentialRelation: 'same_token',
        argumentMatch: true,
        bytesOut: 100,
      },
      {
        eventType: 'outbound.request',
        serverId: 'wiki',
        eventTime: at(15),
        toolName: 'search',
        destinationHost: 'evil.example',
        ipClass: 'public',
        credentialRelation: 'same_token',
        bytesOut: 11,
      },
      {
        eventType: 'http.request',
        serverId: 'wiki',
        eventTime: at(16),
        refusal: 'origin',
        status: 403,
        origin: 'https://evil.example',
        credentialLocation: 'header',
        sourceAddressFp: hex('abroad'),
      },
      { eventType: 'http.request', serverId: 'wiki', eventTime: at(17), status: 200, processed: true },
      {
        eventType: 'audit.access',
        serverId: 'mcp-auditd',
        eventTime: at(18),
        operation: 'alert',
        subject: ALERT,
        actor: 'olga',
        reason: 'ack: mine',
      },
      {
        eventType: 'detection.alert',
        serverId: 'mcp-auditd',
        eventTime: at(19),
        alertId: ALERT,
        alertStatus: 'acknowledged',
        reason: 'mine',
      } as EventFields,
    ],
    findings: [
      {
        rule: 'inj-001',
        entity: 'tool_name=search',
        serverId: 'wiki',
        eventId: hex('evidence'),
        eventTime: at(10),
        saw: 'hidden words',
      },
      { rule: 'inj-001', entity: 'tool_name=other', serverId: 'wiki', eventTime: at(11), disposition: 'suppressed' },
      { rule: 'tok-001', entity: 'x=1', serverId: 'files', eventTime: at(12) },
      { rule: 'tok-001', entity: 'x=1', serverId: 'files', eventTime: at(13), disposition: 'shadow' },
      { rule: 'tok-001', entity: 'x=2', serverId: 'files', eventTime: at(14) },
    ],
    alerts: [
      {
        rule: 'inj-001',
        severity: 'high',
        serverId: 'wiki',
        title: 'hidden words in search',
        principalKey: hex('alice'),
        firstSeen: at(10),
        lastSeen: at(10),
        evidenceEventIds: [hex('evidence')],
      },
      {
        rule: 'tok-001',
        severity: 'critical',
        serverId: 'files',
        title: 'gravest',
        firstSeen: at(12),
        lastSeen: at(12),
      },
      {
        ...{ rule: 'tok-001', severity: 'low', serverId: 'files', title: 'small', firstSeen: at(14), lastSeen: at(14) },
        ...{ status: 'resolved', owner: 'olga', verdict: 'false_positive' },
      },
      { ...ABOUT_EVE, rule: 'scp-001', severity: 'high' },
      { ...ABOUT_EVE, rule: 'beh-001', severity: 'medium' },
    ],
  })
})
afterAll(() => seeded.close())

it('@open-alerts has the gravest first, and not what is below the severity', async () => {
  expect(only(await seeded.ask('open-alerts', { severity: 'medium' }), 'title')).toEqual([
    ['gravest'],
    ['hidden words in search'],
  ])
  expect(await seeded.ask('open-alerts')).toHaveLength(2)
  expect(only(await seeded.ask('open-alerts', { status: '' }), 'title', 'status', 'owner').at(-1)).toEqual([
    'small',
    'resolved',
    'olga',
  ])
})

it('@alert-history has what people decided and what became of it, in order', async () => {
  const rows = await seeded.ask('alert-history', { alert: ALERT })
  expect(only(rows, 'kind', 'actor', 'status', 'reason')).toEqual([
    ['decision', 'olga', '', 'ack: mine'],
    ['revision', '', 'acknowledged', 'mine'],
  ])
})

it('@risky-subjects adds up the alerts of the last day, each tenant apart', async () => {
  const rows = await seeded.ask('risky-subjects')
  expect(only(rows, 'subject_kind', 'subject', 'score', 'alerts', 'grave')).toEqual([
    ['principal', hex('eve'), 14, 2, 1],
  ])
  expect(await seeded.ask('risky-subjects', { at_least: '15' })).toEqual([])
})

it('@alert-evidence shows each event of the evidence with what the rule saw', async () => {
  const rows = await seeded.ask('alert-evidence', { alert: ALERT })
  expect(only(rows, 'event_id', 'tool_name', 'saw', 'tenant')).toEqual([
    [hex('evidence'), 'search', 'hidden words', 'acme'],
  ])
  expect(await seeded.ask('alert-evidence', { alert: hex('no alert') })).toEqual([])
})

it('@around-alert shows the calls of the server before, during and after', async () => {
  const rows = await seeded.ask('around-alert', { alert: ALERT })
  expect(only(rows, 'phase', 'tenant', 'server_id', 'same_caller')).toEqual([
    ['before', 'acme', 'wiki', 1],
    ['before', 'acme', 'wiki', 1],
    ['during', 'acme', 'wiki', 0],
    ['after', 'acme', 'wiki', 0],
  ])
  expect(await seeded.ask('around-alert', { alert: ALERT, minutes: '5' })).toHaveLength(3)
  expect(await seeded.ask('around-alert', { alert: hex('no alert') })).toEqual([])
})

it('@alert-noise counts what alerts, is suppressed and is only watched', async () => {
  const rows = await seeded.ask('alert-noise', { to: at(60) })
  expect(only(rows, 'rule', 'alerts', 'false_positives', 'alerting', 'suppressed', 'shadow', 'entities')).toEqual([
    ['tok-001', 2, 1, 2, 0, 1, 2],
    ['inj-001', 1, 0, 1, 1, 0, 2],
  ])
})

it('@content-findings counts classes by place', async () => {
  const rows = await seeded.ask('content-findings')
  expect(only(rows, 'finding_class', 'surface', 'hits', 'principals')).toEqual([
    ['pii.email', 'result', 3, [hex('alice')]],
    ['secret.github_token', 'arguments', 3, [hex('alice'), hex('bob')].sort()],
    ['injection.conceal', 'result', 1, [hex('alice')]],
  ])
  expect(await seeded.ask('content-findings', { category: 'injection' })).toHaveLength(1)
})

it('@secrets-seen names the hands a secret went through', async () => {
  const rows = await seeded.ask('secrets-seen')
  expect(only(rows, 'finding_class', 'principal_key', 'span_hash')).toEqual([
    ['secret.github_token', hex('bob'), hex('secret')],
    ['secret.github_token', hex('alice'), hex('secret')],
    ['pii.email', hex('alice'), ''],
  ])
})

it('@outbound-destinations says where requests go, and whether the caller named the host', async () => {
  const rows = await seeded.ask('outbound-destinations')
  expect(
    only(rows, 'destination_host', 'credential_relation', 'requests', 'named_by_caller', 'bytes_out', 'principals'),
  ).toEqual([['evil.example', 'same_token', 2, 1, 111, [hex('alice')]]])
})

it('@refused-requests has only what was refused', async () => {
  const rows = await seeded.ask('refused-requests')
  expect(only(rows, 'refusal', 'status', 'origin', 'credential_location', 'requests', 'addresses')).toEqual([
    ['origin', 403, 'https://evil.example', 'header', 1, 1],
  ])
})
