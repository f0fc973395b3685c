/** Rows for Sentinel: declared columns of declared types, readable text, cuts that say so. */
import { describe, expect, it } from 'vitest'
import {
  AUDIT_COLUMNS,
  columnsJson,
  DETECTION_COLUMNS,
  TABLES,
} from '../../../../../connectors/webhook/azure/sentinel-columns.ts'
import {
  auditRow,
  bodyOf,
  CALL_BYTES,
  cutText,
  detectionRow,
  FIELD_BYTES,
  HARDEST_CUT,
  rowText,
} from '../../../../../connectors/webhook/azure/sentinel-rows.ts'
import { ALERT_STATUSES, alert } from '../../../../../schemas/alert.ts'
import { ROW_COLUMNS } from '../../../../../schemas/row.ts'
import { HOSTILE, sampleAlert } from '../../../../fakes/alerts.ts'

/** Names the service keeps for itself. */
const RESERVED = ['_ResourceId', 'id', '_SubscriptionId', 'TenantId', 'Type', 'UniqueId', 'Title', 'TimeGenerated']

describe('columns', () => {
  it.each(Object.entries(TABLES))('%s has names that the service takes, each once', (_, columns) => {
    const names = columns.map(({ name }) => name)
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
    for (const name of names) {
      expect(name).toMatch(/^[A-Za-z][A-Za-z0-9_]{0,44}$/)
      expect(RESERVED.map((reserved) => reserved.toLowerCase())).not.toContain(name.toLowerCase())
    }
    for (const { name, description } of columns) expect(description, name).not.toBe('')
  })
  it('the file that the template reads is printed from them', async () => {
    await expect(columnsJson()).toMatchFileSnapshot('../../../../deploy/sentinel/columns.json')
  })
  it('every column of events goes out but those about our own log', () => {
    const left = ROW_COLUMNS.map(([name]) => name).filter((name) => !AUDIT_COLUMNS.some(({ from }) => from === name))
    expect(left).toEqual([
      'inventory_hash',
      'rule_set_hash',
      'position_log',
      'position_partition',
      'position_offset',
      'position_index',
    ])
  })
  it('every field of an alert goes out but what only we use', () => {
    const left = Object.keys(alert.shape).filter((field) => !DETECTION_COLUMNS.some(({ from }) => from === field))
    expect(left).toEqual(['toldSeverity'])
  })
})

describe('a row of an alert', () => {
  it('is at the time of its last finding, or of the decision after it', () => {
    expect(detectionRow(sampleAlert())['EventTime']).toBe('2026-10-01T10:06:00Z')
    const resolved = sampleAlert({
      status: 'resolved',
      statusAt: '2026-10-02T08:00:00.250Z',
      revision: 4,
      owner: 'maria',
    })
    expect(detectionRow(resolved)).toMatchObject({
      EventTime: '2026-10-02T08:00:00.250Z',
      LastSeen: '2026-10-01T10:06:00Z',
      Status: 'resolved',
      Owner: 'maria',
      Revision: 4,
      AlertUid: resolved.alertId,
    })
  })
  it.each(ALERT_STATUSES)('says that it is %s', (status) => {
    expect(detectionRow(sampleAlert({ status }))['Status']).toBe(status)
  })
  it('names techniques without their sub-techniques, once', () => {
    const refs = ['MCP07:2025', 'T1550.001', 'T1550', 'T1078', 'AML.T0051']
    expect(detectionRow(sampleAlert({ refs }))['Techniques']).toEqual(['T1550', 'T1078'])
  })
  it('leaves out what nobody knows', () => {
    const row = detectionRow(sampleAlert())
    for (const name of ['Owner', 'StatusAt', 'StatusUntil', 'Verdict', 'SessionFp'])
      expect(row).not.toHaveProperty(name)
  })
  it('shows nothing that acts on who reads it, and keeps the lines of its query', () => {
    const row = detectionRow(
      sampleAlert({ title: HOSTILE, evidence: { [HOSTILE]: [HOSTILE] }, query: 'SELECT 1\nFROM x' }),
    )
    expect(JSON.stringify(row)).not.toMatch(/\\u202e|\\u001b|\\ud800|[\u202e\u2066\u200b]/)
    expect(row['AlertTitle']).toContain('\\u{202e}evil')
    expect(row['Query']).toBe('SELECT 1\nFROM x')
  })
})

describe('a row of an event', () => {
  const event = {
    event_type: 'tool.result',
    event_time: '2026-11-24 01:02:03.123456789',
    received_at: '2026-11-24 01:02:04.500',
    tenant: 'default',
    server_id: 'files',
    server_claimed: true,
    trace_client_supplied: false,
    producer_seq: '9007199254740991',
    duration_ms: 12.5,
    unscanned_bytes: 0,
    schema_version: 1,
    labels: ['pii.email'],
    flags: [],
    session_fp: '',
    fields: '{"bytes":7,"urlDomains":["\u202egro.elpmaxe"]}',
    position_offset: 7,
    unknown_to_us: 'x',
  }
  it('is typed as its columns are declared', () => {
    expect(auditRow(event)).toEqual({
      EventType: 'tool.result',
      EventTime: '2026-11-24T01:02:03.1234567Z',
      ReceivedAt: '2026-11-24T01:02:04.500Z',
      Tenant: 'default',
      ServerId: 'files',
      ServerClaimed: true,
      ProducerSeq: 9007199254740991,
      DurationMs: 12.5,
      SchemaVersion: 1,
      Labels: ['pii.email'],
      Fields: { bytes: 7, urlDomains: ['\\u{202e}gro.elpmaxe'] },
    })
  })
  it('leaves out a value that is none of its type instead of losing the row', () => {
    const odd = auditRow({ ...event, event_time: 'yesterday', duration_ms: Number.NaN, fields: '{"a":', labels: 'x' })
    for (const name of ['EventTime', 'DurationMs', 'Fields', 'Labels']) expect(odd).not.toHaveProperty(name)
  })
  it('leaves the sealed name of a person where it is', () => {
    const row = auditRow({ ...event, fields: '{"iss":"https://login.example","principalName":"v1.00000000.AAAA"}' })
    expect(row['Fields']).toEqual({ iss: 'https://login.example' })
  })
  it('keeps an own field called __proto__', () => {
    const row = auditRow({ ...event, fields: '{"__proto__":{"x":1}}' })
    expect(JSON.stringify(row['Fields'])).toBe('{"__proto__":{"x":1}}')
  })
})

describe('cuts', () => {
  it.each([
    ['ASCII', 'a'],
    ['two bytes', 'é'],
    ['three bytes', '語'],
    ['four bytes', '😀'],
  ])('a text of %s a character is cut between characters and says how long it was', (_, character) => {
    for (let most = 40; most < 52; most++) {
      const text = character.repeat(1_000)
      const cut = cutText(text, most)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(most)
      expect(cut).toMatch(new RegExp(`^(${character})* …\\[cut, ${Buffer.byteLength(text)} bytes\\]$`, 'u'))
    }
  })
  it('a text that just fits is left alone', () => {
    expect(cutText('語'.repeat(100), 300)).toBe('語'.repeat(100))
  })
  it('a long field is cut and named; a long object stays an object', () => {
    const row = detectionRow(
      sampleAlert({ saw: 'x'.repeat(FIELD_BYTES + 1), evidence: { long: '"\\'.repeat(FIELD_BYTES) } }),
    )
    const cut = JSON.parse(rowText(row)!.text) as Record<string, unknown>
    expect(cut['CutFields']).toEqual(['Saw', 'Evidence'])
    expect(cut['Saw']).toMatch(/ …\[cut, 64001 bytes\]$/)
    expect(cut['Evidence']).toMatchObject({ cutAt: FIELD_BYTES, beginning: expect.stringContaining('{"long":') })
    expect(Buffer.byteLength(JSON.stringify(cut['Evidence']))).toBeLessThanOrEqual(FIELD_BYTES)
  })
  it('a row larger than a call is cut further until it fits, whatever it holds', () => {
    const long = '\u0000語"'.repeat(8_000)
    const fields = Object.fromEntries(ROW_COLUMNS.map(([name]) => [name, long]))
    const most = rowText(auditRow({ ...fields, event_time: '2026-11-24 01:02:03' }))!
    expect(most.cut).toBeGreaterThan(0)
    expect(most.bytes + 2).toBeLessThanOrEqual(CALL_BYTES)
    expect(Buffer.byteLength(bodyOf([most]))).toBe(most.bytes + 2)
    expect(rowText(auditRow(fields), HARDEST_CUT + 1)).toBeUndefined()
  })
})
