/** The spool’s own promises: order, group commit, retries, damage, full disks, and numbers that are never given twice. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Disk, realDisk } from '../../../../connectors/spool/disk.ts'
import { Spool, type SpoolOptions } from '../../../../connectors/spool/spool.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import type { LogBatch, LogHandler } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

let dir: string
const spools: Spool[] = []
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'spool-'))
})
afterEach(async () => {
  for (const spool of spools.splice(0)) await spool.close()
  await rm(dir, { recursive: true, force: true })
})
const open = async (options: Partial<SpoolOptions> = {}): Promise<Spool> => {
  const spool = await Spool.open({
    dir,
    telemetry: recordingTelemetry(),
    clock: { nowMs: () => 0 },
    maxBytes: 10_000_000,
    encode: sampleRow,
    ...options,
  })
  spools.push(spool)
  return spool
}
const files = async () => (await readdir(dir)).filter((name) => name.endsWith('.rows')).sort()
/** Consumes everything from `start`; `seen` fills as batches come. */
async function consume(spool: Spool, start = 0, batchOf?: LogHandler['batch']) {
  const seen: LogBatch[] = []
  const consumption = await spool.consume({
    assigned: async () => start,
    batch: async (batch) => {
      await batchOf?.(batch)
      seen.push(batch)
    },
    revoked: async () => {},
  })
  return { seen, consumption, ids: () => seen.flatMap(({ entries }) => entries.map(({ event }) => event.eventId)) }
}
const poll = (condition: () => boolean) => expect.poll(condition, { timeout: 10_000, interval: 5 }).toBe(true)
/** A disk whose fsync of chosen segment numbers waits or fails. */
function disk(onSync: (number: number) => Promise<void> | undefined): Disk {
  return {
    ...realDisk,
    async syncFile(path) {
      const number = /(\d{16})\.open$/.exec(path)?.[1]
      if (number !== undefined) await onSync(Number(number))
      await realDisk.syncFile(path)
    },
  }
}

it('makes events that arrive together durable in one segment with one fsync', async () => {
  let syncs = 0
  const counting = disk(() => {
    syncs += 1
    return undefined
  })
  const spool = await open({ disk: counting })
  await Promise.all(Array.from({ length: 50 }, () => spool.publish([sampleEvent()])))
  expect(syncs).toBe(1)
  expect(await files()).toHaveLength(1)
})

it('writes rows that the store reads as they are, under a name that proves them', async () => {
  const spool = await open()
  const events = [sampleEvent(), sampleEvent()]
  await spool.publish(events)
  const [file] = await files()
  expect(file).toMatch(/^0{16}-2-[0-9a-f]{64}\.rows$/)
  expect(await readFile(join(dir, file!), 'utf8')).toBe(
    events.map((event, index) => `${sampleRow(event, { log: spool.log, partition: 0, offset: 0, index })}\n`).join(''),
  )
})

it('consumes a segment only after every lower one is durable, even when a later fsync ends first', async () => {
  const first = Promise.withResolvers<void>()
  const spool = await open({ disk: disk((number) => (number === 0 ? first.promise : undefined)) })
  const { seen, consumption } = await consume(spool)
  const events = [sampleEvent(), sampleEvent()] as const
  const slow = spool.publish([events[0]])
  await poll(() => spool.segments.size === 1 && spool.next === 1)
  await new Promise((resolve) => setImmediate(resolve))
  await spool.publish([events[1]])
  expect(seen).toHaveLength(0)
  first.resolve()
  await slow
  await poll(() => seen.length === 2)
  expect(seen.map((batch) => batch.first)).toEqual([0, 1])
  await consumption.close()
})

it('refuses the sender and skips the number when a segment cannot be made durable; the next one works', async () => {
  let broken = true
  const spool = await open({
    disk: disk(() => (broken ? Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })) : undefined)),
  })
  const event = sampleEvent()
  await expect(spool.publish([event])).rejects.toMatchObject({ code: 'spool_full', kind: 'transient' })
  expect(await files()).toEqual([])
  broken = false
  await spool.publish([event])
  const { ids, consumption, seen } = await consume(spool)
  await poll(() => seen.length === 1)
  expect(ids()).toEqual([event.eventId])
  expect(seen[0]!.first).toBe(1)
  await consumption.close()
})

it('merges the copies of an event that is under way, and acknowledges none before it is durable', async () => {
  const telemetry = recordingTelemetry()
  const release = Promise.withResolvers<void>()
  const spool = await open({ telemetry, disk: disk(() => release.promise) })
  const event = sampleEvent()
  let acknowledged = 0
  const sends = [spool.publish([event]), spool.publish([event, event])].map((send) => send.then(() => acknowledged++))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(acknowledged).toBe(0)
  release.resolve()
  await Promise.all(sends)
  expect(telemetry.counts.get('mcp_auditd_events_dropped_total')).toBe(2)
  expect(await files()).toHaveLength(1)
})

it('fails the copy of an event together with its first copy, so both senders try again', async () => {
  const gate = Promise.withResolvers<void>()
  const spool = await open({ disk: disk(() => gate.promise.then(() => Promise.reject(new Error('EIO')))) })
  const event = sampleEvent()
  const both = [spool.publish([event]), spool.publish([event])]
  gate.resolve()
  for (const settled of await Promise.allSettled(both)) expect(settled).toMatchObject({ status: 'rejected' })
})

it('refuses more than its bytes with a transient error', async () => {
  const spool = await open({ maxBytes: 2_000 })
  await expect(
    (async () => {
      for (let i = 0; i < 10; i++) await spool.publish([sampleEvent()])
    })(),
  ).rejects.toMatchObject({ code: 'spool_full', kind: 'transient' })
  await spool.release(spool.next)
  expect((await files()).length).toBe(1)
})

it('takes an unfinished segment for void', async () => {
  await (await open()).publish([sampleEvent()])
  await writeFile(join(dir, '0000000000000001.open'), '["half a ro')
  const spool = await open()
  const { seen, consumption } = await consume(spool)
  await poll(() => seen.length === 1)
  expect(seen[0]!.entries).toHaveLength(1)
  expect((await readdir(dir)).filter((name) => name.endsWith('.open'))).toEqual([])
  await consumption.close()
})

it('puts a damaged segment aside, reports it as refused, and delivers its neighbours', async () => {
  const spool = await open()
  const events: AuditEvent[] = []
  for (let i = 0; i < 3; i++) {
    const event = sampleEvent()
    events.push(event)
    await spool.publish([event])
  }
  const damaged = (await files())[1]!
  const bytes = await readFile(join(dir, damaged))
  bytes[20]! ^= 1
  await writeFile(join(dir, damaged), bytes)
  const telemetry = recordingTelemetry()
  const again = await open({ telemetry })
  expect(telemetry.logs).toContain('segment_quarantined')
  expect(await readdir(join(dir, 'quarantine'))).toEqual([damaged])
  const { seen, ids, consumption } = await consume(again)
  await poll(() => seen.length === 3)
  expect(ids()).toEqual([events[0]!.eventId, events[2]!.eventId])
  expect(seen[1]!.refused).toMatchObject([{ component: 'spool', position: { offset: 1 } }])
  await consumption.close()
})

it('keeps segments until they are committed, and never gives a number twice', async () => {
  const spool = await open()
  const { seen, consumption } = await consume(spool)
  for (let i = 0; i < 4; i++) await spool.publish([sampleEvent()])
  await poll(() => seen.length === 4)
  expect(await files()).toHaveLength(4)
  expect(await consumption.commit(0, 2)).toBe(true)
  expect(await files()).toHaveLength(2)
  expect(await consumption.commit(0, 4)).toBe(true)
  await consumption.close()
  const again = await open()
  const after = await consume(again, 4)
  await again.publish([sampleEvent()])
  await poll(() => after.seen.length === 1)
  expect(after.seen[0]!.first).toBe(4)
  expect(again.log).toBe(spool.log)
  await after.consumption.close()
})

it('ends the service when the consumer has a defect that repeating cannot mend', async () => {
  const fatal = Promise.withResolvers<unknown>()
  const spool = await open({ onFatal: fatal.resolve })
  await spool.publish([sampleEvent()])
  await consume(spool, 0, async () => {
    throw new TypeError('defect')
  })
  expect(await fatal.promise).toBeInstanceOf(TypeError)
})
