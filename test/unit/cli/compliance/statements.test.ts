/** The mandatory statements against a real store: a tenant that keeps all of them, one that breaks each, one nobody heard of. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, answersOf } from '../../../../cli/compliance/answers.ts'
import { loadFrameworks, loadStatements } from '../../../../cli/compliance/load.ts'
import { reportAsJson, reportAsMarkdown, restOf } from '../../../../cli/compliance/report.ts'
import { silentTelemetry } from '../../../../cli/wire-store.ts'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import { BLIND_SPOTS } from '../../../../detectors/blind-spots.ts'
import { CATALOGUE } from '../../../../detectors/catalogue-rows.ts'
import { type EventFields, parseEvent } from '../../../../schemas/event.ts'
import type { EventStore } from '../../../../schemas/ports.ts'
import { sampleAlert, sampleEvent, sampleFinding, sampleRow } from '../../../contract/samples.ts'

const dir = mkdtempSync(join(tmpdir(), 'compliance-'))
const PERIOD = { from: '2026-11-01T00:00:00.000Z', to: '2026-11-25T00:00:00.000Z' }
const LOG = 'f'.repeat(32)
let store: EventStore
const statements = await loadStatements()
const frameworks = await loadFrameworks()

/** What a good server tells; what it looks like when something is wrong. */
const TOKEN = { eventType: 'auth.token.validated', toolName: '', decision: 'allow', principalKind: 'user' }
const KEPT: readonly EventFields[] = [
  {
    ...TOKEN,
    aud: ['https://srv-1'],
    expectedAud: ['https://srv-1'],
    iss: 'https://idp',
    scopes: ['read'],
    issuedAt: 1_000,
    expAt: 1_600,
    amr: ['mfa'],
  },
  { eventType: 'authz.decision', toolName: 'echo', decision: 'allow', requiredScopes: ['read'] },
  { eventType: 'tool.call', requestUid: 'a1'.repeat(16), argHandles: [{ fp: 'ab'.repeat(16), kind: 'handle' }] },
  { eventType: 'tool.result', requestUid: 'a1'.repeat(16), outcome: 'ok', durationMs: 12, schemaOk: true },
  { eventType: 'outbound.request', credentialRelation: 'exchanged', destinationHost: 'api.example' },
  { eventType: 'session.created', idBits: 128 },
  { eventType: 'task.accessed', taskFp: 'ab'.repeat(16), ownerMatch: true },
  { eventType: 'oauth.upstream_redirect', consentState: 'granted' },
  { eventType: 'oauth.authorize', pkcePresent: true, pkceMethod: 'S256', redirectMatch: 'exact' },
  {
    eventType: 'http.request',
    transport: 'http',
    tlsVersion: 'TLSv1.3',
    origin: 'https://app.example',
    headerCheck: 'ok',
  },
  { eventType: 'mrtr.retry', stateFp: 'ab'.repeat(16) },
  { eventType: 'elicitation.requested', mode: 'form' },
  { eventType: 'tools.registry', definitions: [{ name: 'echo', hash: 'c'.repeat(64) }] },
  { eventType: 'resource.read', uriClass: 'registered' },
  { eventType: 'server.spawned', pinned: true, commandName: 'node' },
  { eventType: 'config.changed', setting: 'auth.mode', ticket: 'CHG-1' },
]
const BROKEN: readonly EventFields[] = [
  {
    ...TOKEN,
    aud: ['https://other'],
    expectedAud: ['https://srv-1'],
    iss: 'https://idp',
    issuedAt: 1,
    expAt: 9_999_999,
  },
  { eventType: 'tool.call', requestUid: 'a1'.repeat(16), definitionHash: '' },
  { eventType: 'outbound.request', credentialRelation: 'same_token' },
  { eventType: 'oauth.authorize', pkcePresent: false, redirectMatch: 'mismatch' },
  { eventType: 'server.spawned', pinned: false, commandName: 'npx' },
  { eventType: 'tool.call', requestUid: 'a2'.repeat(16), captureLevel: 'full', serverId: 'silent', transport: 'http' },
]
/** Rules whose findings are the exceptions of a statement. */
const RULES = [
  ...[
    'tok-001-audience-mismatch',
    'tok-004-untrusted-issuer',
    'tok-007-long-lived-token',
    'tok-011-unverified-request',
  ],
  ...['ses-001-session-reuse', 'ses-003-session-as-authentication', 'ses-004-weak-ids', 'ses-010-request-state'],
  ...['oau-001-consent-bypass', 'oau-002-redirect-violation', 'trn-001-foreign-origin', 'trn-002-header-mismatch'],
  ...['trn-003-plain-transport', 'inj-003-code-injection', 'inj-004-path-traversal', 'inj-010-elicitation-abuse'],
  ...['tdf-001-definition-changed', 'tdf-006-annotation-integrity', 'scp-003-broad-scopes', 'scp-010-weak-login'],
]

async function seed(tenant: string, events: readonly EventFields[]): Promise<void> {
  const rows = events.map((fields, at) => {
    const parsed = parseEvent(sampleEvent({ tenant, ...fields }))
    if (!('event' in parsed)) throw new Error(`${tenant} ${at}: ${JSON.stringify(parsed)}`)
    return sampleRow(parsed.event, { log: LOG, partition: 0, offset: tenant.length * 1_000 + at, index: 0 })
  })
  const refused = await store.insertEvents({
    token: tenant,
    count: rows.length,
    source: { rows: `${rows.join('\n')}\n` },
  })
  expect(refused).toEqual([])
}
beforeAll(async () => {
  store = createEmbeddedStore({
    path: dir,
    database: 'mcp_auditd',
    retentionDays: { security: 10_000, activity: 10_000 },
    telemetry: silentTelemetry,
  })
  await store.open()
  await seed('kept', KEPT)
  await seed('broken', BROKEN)
  await store.insertFindings(RULES.map((rule) => sampleFinding({ tenant: 'broken', rule })))
  const seen = sampleFinding({ tenant: 'kept', rule: 'tok-012-auth-failure-burst' })
  await store.insertFindings([
    seen,
    sampleFinding({ tenant: 'kept', rule: 'tok-001-audience-mismatch', disposition: 'shadow' }),
  ])
  await store.insertAlerts([
    sampleAlert({ tenant: 'kept', rule: seen.rule, entity: seen.entity, status: 'resolved' }),
    sampleAlert({ tenant: 'broken', severity: 'critical', windowStart: '2026-11-02T00:00:00.000Z' }),
  ])
}, 60_000)
afterAll(async () => {
  await store.close()
  rmSync(dir, { recursive: true, maxRetries: 3 })
})
const ask = (sql: string) => store.query(sql, { format: 'JSONEachRow' })
const of = (tenant: string): Promise<readonly Answer[]> => answersOf(statements, { ...PERIOD, tenant }, ask)
const ids = (answers: readonly Answer[], state: string) =>
  answers.filter((answer) => answer.state === state).map(({ statement }) => statement.id)
/** The chain covers a log as a whole, whatever the tenant; nothing seals these rows. */
const CHAIN = 'R24'

describe('the mandatory statements', () => {
  it('are thirty, in the order of the catalogue, each with rows that exist', () => {
    expect(statements.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, at) => `R${at + 1}`))
    const families = new Set([...CATALOGUE.map(({ family }) => family.toUpperCase()), 'BEH', 'SUP', 'AUD'])
    for (const { rows, notObservable } of statements) {
      for (const row of rows) expect(row === 'all rules' || families.has(row.split('-')[0]!)).toBe(true)
      expect(notObservable.length).toBeGreaterThan(0)
      const spots = new Set(BLIND_SPOTS.map(({ id }) => id))
      for (const text of notObservable) if (/^N\d+$/.test(text)) expect(spots.has(text)).toBe(true)
    }
  })
  it('hold for a tenant that keeps them, each because something was looked at', async () => {
    const answers = await of('kept')
    expect(ids(answers, 'exceptions')).toEqual([CHAIN])
    expect(ids(answers, 'not_observed')).toEqual([])
    for (const { figure } of answers) expect(figure).not.toMatch(/NaN|undefined|null/)
  })
  it('have exceptions for a tenant that breaks them, every one', async () => {
    expect(ids(await of('broken'), 'exceptions')).toEqual(statements.map(({ id }) => id))
  })
  it('are not observed where nothing arrived, which is not the same as held', async () => {
    expect(ids(await of('nobody'), 'not_observed')).toEqual(statements.map(({ id }) => id))
  })
  it('count nothing that was received outside the period', async () => {
    const before = { from: '2026-10-01T00:00:00.000Z', to: '2026-11-01T00:00:00.000Z', tenant: 'broken' }
    expect(ids(await answersOf(statements, before, ask), 'held')).toEqual([])
  })
  it('take the name of a tenant as text, not as SQL', async () => {
    expect(ids(await of("kept' OR 1=1 --"), 'held')).toEqual([])
  })
})

describe('a report', () => {
  it('of each framework names requirements whose statements exist, and holds all thirty', async () => {
    expect([...frameworks.keys()]).toEqual(['ai-act', 'gdpr', 'hipaa', 'iso27001', 'owasp-mcp', 'soc2'])
    const answers = await of('kept')
    const known = new Set(statements.map(({ id }) => id))
    for (const framework of frameworks.values()) {
      const named = framework.requirements.flatMap((requirement) => requirement.statements)
      expect(named.filter((id) => !known.has(id))).toEqual([])
      const report = { framework, period: { ...PERIOD, tenant: 'kept' }, answers }
      expect(new Set(named).size + restOf(report).length).toBe(30)
      const text = reportAsMarkdown(report)
      for (const { id, title } of statements) expect(text).toContain(`${id} ${title}`)
      expect((reportAsJson(report) as { statements: unknown[] }).statements).toHaveLength(30)
    }
  })
  it('prints each query as it was asked, so that it runs as printed', async () => {
    const report = { framework: frameworks.get('owasp-mcp')!, period: PERIOD, answers: await of('broken') }
    const printed = [...reportAsMarkdown(report).matchAll(/```sql\n([^`]+)\n```/g)].map(([, sql]) => sql!)
    expect(printed).toHaveLength(30)
    for (const sql of printed.slice(0, 5)) expect(JSON.parse(await ask(sql))).toHaveProperty('exceptions')
  })
})
