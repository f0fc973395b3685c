/** The contract of EventStore: any adapter must pass it. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CoverageRow } from '../../schemas/coverage.ts'
import type { EventFields } from '../../schemas/event.ts'
import type { EventStore, RowBatch } from '../../schemas/ports.ts'
import { sampleAlert, sampleEvent, sampleFinding, sampleRow } from './samples.ts'

export interface StoreUnderTest {
  readonly store: EventStore
  /** Inserts seen so far, for the cost of bisection; undefined where nobody counts. */
  readonly inserts?: () => number
  /** False for a store without SQL (memory). */
  readonly sql: boolean
  close(): Promise<void>
}

/** `make` gives an opened store with empty tables; `reopen` the same one after a restart. */
export function describeEventStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`event store: ${name}`, () => {
    let under: StoreUnderTest
    let folder: string
    beforeAll(async () => {
      under = await make()
      folder = await mkdtemp(join(tmpdir(), 'event-store-'))
    })
    afterAll(async () => {
      await under.close()
      await rm(folder, { recursive: true, force: true })
    })
    const freshLog = () => randomUUID().replaceAll('-', '')
    const rowsOf = (log: string, count: number, change: (i: number) => EventFields = () => ({})) =>
      Array.from({ length: count }, (_, i) =>
        sampleRow(sampleEvent({ tenant: log, ...change(i) }), { log, partition: 0, offset: i >> 2, index: i & 3 }),
      )
    const batchOf = (rows: readonly string[], token: string = randomUUID()): RowBatch => ({
      token,
      count: rows.length,
      source: { rows: `${rows.join('\n')}\n` },
    })
    const ask = async (sql: string) => (await under.store.query(sql, { format: 'TabSeparated' })).trim()
    const positions = async (log: string) => [...(await under.store.storedPositions(log, 0, 0, 1_000_000))].sort()

    it('stores rows and knows their positions', async () => {
      const log = freshLog()
      expect(await under.store.insertEvents(batchOf(rowsOf(log, 6)))).toEqual([])
      expect(await positions(log)).toEqual(['0/0', '0/1', '0/2', '0/3', '1/0', '1/1'])
      expect([...(await under.store.storedPositions(log, 0, 1, 2))].sort()).toEqual(['1/0', '1/1'])
      expect((await under.store.storedPositions(log, 1, 0, 10)).size).toBe(0)
      expect((await under.store.storedPositions(freshLog(), 0, 0, 10)).size).toBe(0)
    })

    it('stores the rows of several files in one insert', async () => {
      const log = freshLog()
      const rows = rowsOf(log, 9)
      const files = [0, 1, 2].map((i) => join(folder, `${log}-${i}.rows`))
      for (const [i, file] of files.entries()) await writeFile(file, `${rows.slice(i * 3, i * 3 + 3).join('\n')}\n`)
      expect(await under.store.insertEvents({ token: 'files:1', count: 9, source: { files } })).toEqual([])
      expect(await positions(log)).toHaveLength(9)
    })

    it('takes the same rows under the same token once', async () => {
      const log = freshLog()
      const rows = rowsOf(log, 5)
      for (let i = 0; i < 3; i++) expect(await under.store.insertEvents(batchOf(rows, `again-${log}`))).toEqual([])
      if (under.sql) expect(await ask(`SELECT count() FROM events WHERE tenant = '${log}'`)).toBe('5')
      expect(await positions(log)).toHaveLength(5)
    })

    it('loses no neighbour of a bad row, names it, and needs at most log2(n) + 1 more inserts', async () => {
      for (const [count, bad] of [
        [64, 0],
        [64, 63],
        [100, 37],
        [1, 0],
      ] as const) {
        const log = freshLog()
        const rows = rowsOf(log, count)
        rows[bad] = rows[bad]!.replace('"tool.call"', '12,{"x":')
        const before = under.inserts?.() ?? 0
        const refused = await under.store.insertEvents(batchOf(rows))
        expect(refused.map(({ line }) => line)).toEqual([bad])
        expect(refused[0]!.reason).not.toBe('')
        expect(await positions(log)).toHaveLength(count - 1)
        if (under.inserts !== undefined)
          expect(under.inserts() - before - 1).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1)
      }
    })

    it('loses no neighbour of a row with half a surrogate pair, which the engine cannot read', async () => {
      if (!under.sql) return expect(under.sql).toBe(false)
      const log = freshLog()
      const rows = rowsOf(log, 3)
      rows[1] = rows[1]!.replace('"tool.call"', '"tool\\ud800"')
      expect((await under.store.insertEvents(batchOf(rows))).map(({ line }) => line)).toEqual([1])
      expect(await positions(log)).toHaveLength(2)
    })

    it('names every bad row of a batch that has several, and repeating the batch changes nothing', async () => {
      const log = freshLog()
      const rows = rowsOf(log, 40)
      for (const bad of [3, 4, 39]) rows[bad] = '["not enough"]'
      const batch = batchOf(rows)
      for (let i = 0; i < 2; i++)
        expect((await under.store.insertEvents(batch)).map(({ line }) => line)).toEqual([3, 4, 39])
      expect(await positions(log)).toHaveLength(37)
      if (under.sql) expect(await ask(`SELECT count() FROM events WHERE tenant = '${log}'`)).toBe('37')
    })

    it('keeps an event once when its retry is received on another date', async () => {
      if (!under.sql) return expect(under.sql).toBe(false)
      const log = freshLog()
      const event = { eventId: randomUUID() }
      for (const [i, receivedAt] of ['2026-11-25T00:00:01.000Z', '2026-11-24T23:59:59.000Z'].entries())
        await under.store.insertEvents(
          batchOf([
            sampleRow(sampleEvent({ ...event, tenant: log, receivedAt }), { log, partition: 0, offset: i, index: 0 }),
          ]),
        )
      expect(await ask(`SELECT count(), min(received_at) FROM events_exact WHERE tenant = '${log}'`)).toBe(
        '1\t2026-11-24 23:59:59.000',
      )
      expect(await ask(`SELECT count() FROM events WHERE tenant = '${log}'`)).toBe('2')
    })

    it('stores rows of more dates than one insert usually may', async () => {
      const log = freshLog()
      const rows = rowsOf(log, 150, (i) => ({
        receivedAt: new Date(Date.UTC(2026, 0, 1) + i * 86_400_000).toISOString(),
      }))
      expect(await under.store.insertEvents(batchOf(rows))).toEqual([])
      expect(await positions(log)).toHaveLength(150)
    })

    it('has each finding once and each alert at its latest revision', async () => {
      const finding = sampleFinding({ tenant: freshLog() })
      await under.store.insertFindings([finding])
      await under.store.insertFindings([finding, sampleFinding({ tenant: finding.tenant })])
      const alert = sampleAlert({ tenant: finding.tenant, revision: 2, count: 7 })
      await under.store.insertAlerts([alert])
      await under.store.insertAlerts([{ ...alert, revision: 1, count: 1 }])
      if (!under.sql) return expect(under.sql).toBe(false)
      expect(await ask(`SELECT count() FROM findings WHERE tenant = '${finding.tenant}'`)).toBe('2')
      expect(await ask(`SELECT saw FROM findings WHERE finding_id = '${finding.findingId}'`)).toBe(finding.saw)
      expect(await ask(`SELECT revision, count FROM alerts WHERE tenant = '${finding.tenant}'`)).toBe('2\t7')
    })

    it('keeps the newest row of an hour, and tells not evaluated from nothing found', async () => {
      const tenant = freshLog()
      const row: CoverageRow = {
        tenant,
        serverId: 'files',
        rule: 'tok-001',
        hour: new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString(),
        part: 'log/0',
        state: 'degraded',
        reasons: ["it's `missing`\\"],
        evaluations: 3,
        matches: 0,
      }
      await under.store.insertCoverage([row, { ...row, rule: 'tok-002', state: 'inactive', evaluations: 0 }])
      await under.store.insertCoverage([{ ...row, state: 'active', evaluations: 5, matches: 1 }])
      await under.store.insertCoverage([{ ...row, part: 'log/1', evaluations: 2 }])
      if (!under.sql) return expect(under.sql).toBe(false)
      expect(
        await ask(
          `SELECT rule, state, reasons, evaluations, matches, verdict FROM coverage WHERE tenant = '${tenant}' ORDER BY rule`,
        ),
      ).toBe(
        [
          `tok-001\tactive\t['it\\'s \`missing\`\\\\']\t7\t1\tfound`,
          `tok-002\tinactive\t['it\\'s \`missing\`\\\\']\t0\t0\tnot evaluated`,
        ].join('\n'),
      )
      expect(
        await ask(`SELECT rule, state, evaluations_24h FROM coverage_now WHERE tenant = '${tenant}' ORDER BY rule`),
      ).toBe('tok-001\tactive\t7\ntok-002\tinactive\t0')
    })

    it('answers a query with parameters and limits, and refuses one that is wrong', async () => {
      if (!under.sql) return expect(under.sql).toBe(false)
      const asked = under.store.query('SELECT {n:UInt8} + 1 AS n', { format: 'JSONEachRow', parameters: { n: 41 } })
      expect(JSON.parse(await asked)).toEqual({ n: 42 })
      expect(await under.store.query('SELECT 1 FORMAT CSV', { format: 'JSON' })).toBe('1\n')
      await expect(
        under.store.query('SELECT number FROM numbers(100)', { format: 'CSV', maxRows: 10 }),
      ).rejects.toMatchObject({ code: 'query_refused' })
      await expect(under.store.query('SELECT nothing', { format: 'CSV' })).rejects.toMatchObject({
        code: 'query_refused',
      })
      expect((await under.store.query('SELECT number FROM numbers(100)', { format: 'CSV' })).split('\n')).toHaveLength(
        101,
      )
    })

    it('refuses everything that writes or reaches outside', async () => {
      if (!under.sql) return expect(under.sql).toBe(false)
      for (const sql of [
        "INSERT INTO events (event_id) VALUES ('x')",
        'DROP TABLE events',
        'SELECT 1; DROP TABLE events',
        "SELECT file('/etc/passwd')",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
        "DESCRIBE TABLE url('http://127.0.0.1:1/', 'CSV')",
        'SELECT 1 SETTINGS readonly = 0',
        'SELECT 1 SETTINGS max_result_rows = 0',
        'KILL QUERY WHERE 1',
        'SET readonly = 0',
      ])
        await expect(under.store.query(sql, { format: 'CSV' }), sql).rejects.toMatchObject({ code: 'query_refused' })
      const log = freshLog()
      await under.store.insertEvents(batchOf(rowsOf(log, 1)))
      expect(await positions(log)).toHaveLength(1)
    })
  })
}
