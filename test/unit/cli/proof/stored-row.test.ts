// What the store gives back is the line that was inserted, for every type of event and the oddest values; whatever is changed gives another line.
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { canonicalLineOf, readRow } from '../../../../cli/proof/row-facts.ts'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import { type AuditEvent, EVENT_TYPES } from '../../../../schemas/event.ts'
import { ROW_COLUMNS, rowText } from '../../../../schemas/row.ts'
import { lineOfStored, STORED_ROW_COLUMNS } from '../../../../schemas/stored-row.ts'
import { ENRICHMENT, recordingTelemetry, sampleEvent } from '../../../contract/samples.ts'
import { anyEvent } from '../../schemas/arbitrary-event.ts'

/** Number of columns, and the beginning of the SHA-256 of their names. Rows of form 1 could not be verified with any other. */
const FORM_1 = [65, 'b2d9e9205956d6a4']
const LOG = 'a'.repeat(32)
let path: string
let store: ReturnType<typeof createEmbeddedStore>
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'stored-row-'))
  const retentionDays = { security: 100_000, activity: 100_000 }
  store = createEmbeddedStore({ path, database: 'mcp_auditd', retentionDays, telemetry: recordingTelemetry() })
  await store.open()
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})

const roundTrip = async (events: readonly AuditEvent[], partition: number) => {
  const lines = events.map((event, offset) =>
    rowText(event, ENRICHMENT, { log: LOG, partition, offset, index: offset % 7 }),
  )
  const source = { rows: `${lines.join('\n')}\n` }
  const refused = new Set(
    (await store.insertEvents({ token: `p${partition}`, count: lines.length, source })).map(({ line }) => line),
  )
  const kept = lines.filter((_, at) => !refused.has(at))
  return { refused, kept, stored: await store.proof.storedLines(LOG, partition, 0, 1_000_000) }
}

describe('a stored row', () => {
  it('is the line that was inserted, for every type of event', async () => {
    const events = fc.sample(anyEvent, { numRuns: 900, seed: 7 }).map((event, at) => {
      const eventTime = /-(29|30|31)T/.test(event.eventTime) ? '2026-11-24T00:00:00.5Z' : event.eventTime
      return { ...event, eventTime, receivedAt: new Date(1_795_500_000_000 + at * 977).toISOString() } as AuditEvent
    })
    expect(new Set(events.map(({ eventType }) => eventType)).size).toBe(EVENT_TYPES.length)
    const { refused, kept, stored } = await roundTrip(events, 1)
    expect(refused.size).toBe(0)
    expect(stored).toEqual(kept.map(canonicalLineOf))
  })

  it('keeps odd numbers, times and texts as they are', async () => {
    const odd = [
      { durationMs: 5e-324, producerSeq: Number.MAX_SAFE_INTEGER },
      { durationMs: 0.1 + 0.2, eventTime: '2026-11-24T01:02:03Z' },
      { durationMs: 2 ** 41, eventTime: '2026-11-24T01:02:03.100000000Z', unscannedBytes: 2 ** 53 - 1 },
      { durationMs: 1e-7, eventTime: '2026-11-24T01:02:03.999999999Z', receivedAt: '2026-11-24T01:02:04Z' },
      { durationMs: 1.7976931348623157e-300, receivedAt: '2026-11-24T01:02:04.1239999Z' },
      { toolName: 'a/b\\"\u0001\u007f\u2028\u2029\ufeff é 😀 \ufffd', labels: ['a,b', "'", '"', '|'], flags: [] },
      {
        serverName: '\\',
        clientName: '\\"',
        serverVersion: '","',
        fieldless: { '0': 1, a: -0, b: [1e21, 1e-7, null] },
      },
      { tenant: 'quo"te\\', serverId: '","2026-11-24 01:02:03","' },
    ].map((fields) => sampleEvent(fields))
    const { refused, kept, stored } = await roundTrip(odd, 2)
    expect(refused.size).toBe(0)
    expect(stored).toEqual(kept.map(canonicalLineOf))
  })

  it('has a hash that begins the SHA-256 of its canonical line, and its position and receipt', () => {
    const event = sampleEvent({
      eventTime: '2026-11-24T01:02:03.50Z',
      receivedAt: '2026-11-24T01:02:04Z',
      tenant: 'a"b',
    })
    const line = rowText(event, ENRICHMENT, { log: LOG, partition: 3, offset: 2 ** 40, index: 12 })
    const [hashes, identities] = [Buffer.alloc(32), Buffer.alloc(16)]
    const bytes = Buffer.from(`xx${line}`)
    expect(readRow(bytes, 2, bytes.length, hashes, identities, 1)).toEqual({
      offset: 2 ** 40,
      index: 12,
      receivedAt: '2026-11-24 01:02:04.000',
    })
    const wanted = createHash('sha256').update(canonicalLineOf(line)).digest()
    expect(hashes.subarray(16)).toEqual(wanted.subarray(0, 16))
    const identity = JSON.stringify(['a"b', event.serverId, event.eventId]).slice(1, -1)
    expect(identities.subarray(8)).toEqual(createHash('sha256').update(identity).digest().subarray(0, 8))
  })

  it('has the columns it had when the first manifest was signed: one more needs a second form of the manifest', () => {
    const names = ROW_COLUMNS.map(([name]) => name).join()
    expect([ROW_COLUMNS.length, createHash('sha256').update(names).digest('hex').slice(0, 16)]).toEqual(FORM_1)
  })

  it('gives another line when any column holds another value', async () => {
    const answer = await store.query(
      `SELECT ${STORED_ROW_COLUMNS} FROM events WHERE position_partition = 2 AND duration_ms = 1e-7`,
      { format: 'JSONCompactEachRow' },
    )
    const before = lineOfStored(answer.trim()).line
    for (const [at, [name, type]] of ROW_COLUMNS.entries()) {
      const row = JSON.parse(answer) as unknown[]
      if (type.startsWith('Array')) row[at] = [...(row[at] as string[]), '']
      else if (type === 'Bool') row[at] = !(row[at] as boolean)
      else if (/^UInt(8|32)/.test(type)) row[at] = (row[at] as number) + 1
      else if (/^UInt64/.test(type)) row[at] = String(2n ** 53n + 1n)
      else if (type.startsWith('Float')) row[at] = '-0'
      else if (type.startsWith('DateTime64(9')) row[at] = '2026-11-24 01:02:03.999999998'
      else if (type.startsWith('DateTime64(3')) row[at] = '2026-11-24 01:02:03.999'
      else row[at] = `${row[at] as string} `
      expect(lineOfStored(JSON.stringify(row)).line, name).not.toBe(before)
    }
  })

  it('is told from one whose text is no UTF-8, although both read alike', async () => {
    const ask = (text: string) =>
      store.query(
        `SELECT * FROM (SELECT ${STORED_ROW_COLUMNS} FROM (SELECT * REPLACE (${text} AS tool_name) FROM events WHERE position_partition = 2 LIMIT 1))`,
        { format: 'JSONCompactEachRow' },
      )
    const honest = lineOfStored((await ask(`unhex('efbfbd')`)).trim())
    const broken = lineOfStored((await ask(`unhex('ff')`)).trim())
    expect(broken.line).toBe(honest.line)
    expect([honest.isWellFormed, broken.isWellFormed]).toEqual([true, false])
  })
})
