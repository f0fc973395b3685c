// The jobs of the proof on a real store: retention deletes by class under tombstones, yesterday is verified, heads become events.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../cli/configuration.ts'
import type { JobContext } from '../../cli/job-schedule.ts'
import checkpoint from '../../cli/jobs/checkpoint.ts'
import retention from '../../cli/jobs/retention.ts'
import verifyYesterday from '../../cli/jobs/verify-yesterday.ts'
import type { Proof } from '../../cli/proof/proof.ts'
import { openSigner } from '../../cli/proof/signer.ts'
import { verifyProof } from '../../cli/proof/verification.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { recordingTelemetry } from '../contract/samples.ts'
import { DAYS, openSmall, type SmallStore, smallStore, sourceOf } from '../proof/small-store.ts'

describe('jobs of the proof', { timeout: 60_000 }, () => {
  let small: SmallStore
  let store: Awaited<ReturnType<typeof openSmall>>
  let proof: Proof
  let told: AuditEvent[]
  const telemetry = recordingTelemetry()
  const contextAt = (time: string, retentionDays = { security: 400, activity: 180 }): JobContext =>
    ({
      settings: { ...loadConfig({}), retentionDays },
      ...{ store, proof, telemetry, signal: new AbortController().signal },
      bus: { publish: async (events: readonly AuditEvent[]) => void told.push(...events) },
      clock: { nowMs: () => Date.parse(time) },
    }) as unknown as JobContext
  const ask = async (sql: string): Promise<string> => (await store.query(sql, { format: 'TSV' })).trim()
  const verdict = () => verifyProof(sourceOf(store, small.dir))
  beforeAll(async () => {
    small = await smallStore(900, { departed: false })
    store = await openSmall(small.dir)
    const signer = await openSigner(loadConfig({}), small.dir, telemetry, false)
    proof = { store: store.proof, signer, sealRows: 1, sealEveryMs: 0, heads: () => [] }
    told = []
  }, 60_000)
  afterAll(async () => {
    await store.close()
    small.close()
  })

  it('sign for copies of yesterday that were merged, once', async () => {
    await store.mergeDay(DAYS[2])
    const merged = (await verdict()).summary.merged
    expect(merged).toBeGreaterThan(0)
    const said = await verifyYesterday.run(contextAt('2026-11-24T02:00:00Z'))
    expect(said).toMatch(/2026-11-23: \d+ rows proven, [1-9]\d* copies merged/)
    expect(await verifyYesterday.run(contextAt('2026-11-24T02:00:00Z'))).toContain(', 0 copies merged')
    expect((await verdict()).summary).toMatchObject({ merged: 0, gone: { duplicate: merged } })
    expect(told).toEqual([])
  })

  it('tell when rows of yesterday were tampered with', async () => {
    const before = await ask('SELECT toString(count()) FROM proof_tombstones')
    const [offset, index] = (
      await ask(`SELECT position_offset, position_index FROM events WHERE toDate(received_at) = '${DAYS[2]}' LIMIT 1`)
    ).split('\t')
    const lines = await store.proof.storedLines(
      await ask('SELECT any(position_log) FROM events'),
      0,
      Number(offset),
      Number(offset) + 1,
    )
    await store.proof.removeRows([
      {
        log: await ask('SELECT any(position_log) FROM events'),
        partition: 0,
        offset: Number(offset),
        index: Number(index),
      },
    ])
    expect(await verifyYesterday.run(contextAt('2026-11-24T02:00:00Z'))).toContain('TAMPERED, 1 faults')
    expect(told.map(({ eventType }) => eventType)).toEqual(['auditd.error'])
    expect(told[0]).toMatchObject({ component: 'proof', message: expect.stringContaining(`row ${offset}/${index}`) })
    expect(await ask('SELECT toString(count()) FROM proof_tombstones')).toBe(before)
    const line = lines.find((each) => each.endsWith(`,${offset},${index}]`))!
    await store.insertEvents({ token: 'back', count: 1, source: { rows: `${line}\n` } })
    expect((await verdict()).faults).toEqual([])
  })

  it('delete activity of whole days that were kept long enough, and security facts later', async () => {
    const kept = async () =>
      Object.fromEntries(
        (
          await ask(
            "SELECT toDate(received_at, 'UTC') AS day, countIf(event_type = 'tool.call') || '/' || countIf(event_type = 'auth.token.validated') FROM events GROUP BY day ORDER BY day",
          )
        )
          .split('\n')
          .map((line) => line.split('\t')),
      )
    const before = await kept()
    expect(await retention.run(contextAt('2026-11-23T12:00:00Z', { security: 30, activity: 1 }))).toMatch(
      /removed [1-9]\d* rows of activity, 0 of security/,
    )
    const after = await kept()
    expect(after[DAYS[0]]).toBe(before[DAYS[0]]!.replace(/^\d+/, '0'))
    expect([after[DAYS[1]], after[DAYS[2]]]).toEqual([before[DAYS[1]], before[DAYS[2]]])
    await retention.run(contextAt('2026-11-23T12:00:00Z', { security: 1, activity: 1 }))
    expect(Object.keys(await kept())).toEqual([DAYS[1], DAYS[2]])
    const { faults, summary } = await verdict()
    expect(faults).toEqual([])
    expect(summary.gone.retention).toBeGreaterThan(250)
    expect(await retention.run(contextAt('2026-11-23T12:00:00Z', { security: 1, activity: 1 }))).toBe(
      'removed 0 rows of activity, 0 of security',
    )
  })

  it('make the newest manifest an event that holds its signature', async () => {
    told = []
    expect(await checkpoint.run(contextAt('2026-11-24T03:00:00Z'))).toBe('1 heads')
    const [number, hash, signature] = (
      await ask('SELECT number, manifest_hash, signature FROM proof_manifests ORDER BY number DESC LIMIT 1')
    ).split('\t')
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      eventType: 'auditd.checkpoint',
      chainHash: hash,
      lastSeq: Number(number),
      signature,
    })
  })
})
