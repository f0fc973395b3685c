/** What the ledger promises beyond its ports: one transaction, damage that is noticed, dead letters by number. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Database } from '../../../../connectors/ledger/database.ts'
import { type Ledger, openLedger } from '../../../../connectors/ledger/ledger.ts'
import type { DeadLetter } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleAlert, sampleFinding } from '../../../contract/samples.ts'

let dir: string
let ledger: Ledger
const open = () => openLedger(dir, { nowMs: () => 1_000 }, recordingTelemetry())
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ledger-'))
  ledger = open()
})
afterEach(async () => {
  await ledger.close()
  await rm(dir, { recursive: true, force: true })
})
const file = () => join(dir, 'ledger.sqlite')
const raw = (sql: string) => {
  const database = new DatabaseSync(file())
  database.exec(sql)
  database.close()
}
const log = 'a'.repeat(32)
const snapshot = (chunks: Record<string, string>) => ({
  log,
  partition: 0,
  next: 5,
  ruleSetHash: 'r',
  watermarkMs: 1.5,
  chunks: new Map(Object.entries(chunks).map(([name, text]) => [name, Buffer.from(text)])),
})

it('keeps nothing of an outcome that fails halfway', async () => {
  const finding = sampleFinding()
  const broken = { ...snapshot({ a: 'x' }), chunks: new Map([['a', 'not bytes' as unknown as Uint8Array]]) }
  Object.defineProperty(broken.chunks, 'size', { value: Symbol('unbindable') })
  await expect(
    ledger.state.commit({ log, partition: 0, next: 5, findings: [finding], snapshot: broken }),
  ).rejects.toMatchObject({ code: 'store_unavailable' })
  expect(await ledger.state.restore(log, 0)).toBeUndefined()
  expect((await ledger.outbox.take(10, AbortSignal.abort())).findings).toEqual([])
})

it('refuses a snapshot whose chunks are damaged or missing', async () => {
  await ledger.state.commit({ log, partition: 0, next: 5, findings: [], snapshot: snapshot({ a: 'x', b: 'y' }) })
  await ledger.close()
  raw("UPDATE chunks SET bytes = x'00' WHERE name = 'a'")
  ledger = open()
  await expect(ledger.state.restore(log, 0)).rejects.toMatchObject({ code: 'state_corrupt', field: 'a' })
  await ledger.close()
  raw("DELETE FROM chunks WHERE name = 'a'")
  ledger = open()
  await expect(ledger.state.restore(log, 0)).rejects.toMatchObject({ code: 'state_corrupt', field: 'chunks' })
})

it('syncs every transaction to the disk', () => {
  const database = new Database(file())
  expect(database.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
  expect(database.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
  database.close()
})

it('refuses a file that a newer version has written, and one that is no database', async () => {
  await ledger.close()
  raw('PRAGMA user_version = 99')
  expect(open).toThrow(expect.objectContaining({ code: 'config_invalid' }))
  await rm(file())
  const { writeFile } = await import('node:fs/promises')
  await writeFile(file(), 'this is not a database, and long enough to be looked at by whoever opens it as one')
  expect(open).toThrow(expect.objectContaining({ code: 'state_corrupt' }))
  await rm(file())
  ledger = open()
})

it('keeps dead letters by number, the newest first', async () => {
  const letter = (reason: string): DeadLetter => ({
    at: '2026-11-24T01:02:03.000Z',
    component: 'admission',
    field: 'eventTime',
    reason,
    tenant: 'default',
    digest: 'd',
  })
  const position = { log, partition: 0, offset: 3, index: 1 }
  await ledger.deadLetters.add([letter('one'), { ...letter('two'), position }])
  await ledger.deadLetters.add([])
  expect(ledger.deadLetters.list(10)).toEqual([
    { id: 2, ...letter('two'), position },
    { id: 1, ...letter('one') },
  ])
  expect(ledger.deadLetters.list(10, 2)).toEqual([{ id: 1, ...letter('one') }])
  expect(ledger.deadLetters.show(2)?.reason).toBe('two')
  expect(ledger.deadLetters.show(3)).toBeUndefined()
})

it('reports what waits for a target', async () => {
  await ledger.close()
  const gauges: unknown[] = []
  ledger = openLedger(dir, { nowMs: () => 0 }, { ...recordingTelemetry(), gauge: (...args) => void gauges.push(args) })
  const alert = sampleAlert()
  const deliveries = [{ alertId: alert.alertId, revision: 1, target: 'hook' }]
  await ledger.outbox.record({ cursor: '0', findingIds: [], alerts: [alert], deliveries })
  const [delivery] = await ledger.outbox.due('hook', 0, 1)
  await ledger.outbox.settle(delivery!, { kind: 'delivered' })
  expect(gauges).toEqual([
    ['mcp_auditd_outbox_pending', 1, { target: 'hook' }],
    ['mcp_auditd_outbox_pending', 0, { target: 'hook' }],
  ])
})
