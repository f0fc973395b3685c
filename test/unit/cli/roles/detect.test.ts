/** The detect role: rows and findings, then the snapshot, then the commit; nothing lost, nothing twice, whatever fails and wherever it is cut. */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { DetectParts } from '../../../../cli/roles/detect.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { sampleRow } from '../../../contract/samples.ts'
import {
  batchOf,
  crash,
  Durable,
  event,
  Life,
  LOG,
  type OnStep,
  position,
  type Step,
  unavailable,
} from './detect-bed.ts'

const lives: Life[] = []
const folders: string[] = []
afterEach(async () => {
  for (const life of lives.splice(0)) await life.role.stop()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})
async function live(durable: Durable, onStep?: OnStep, limits?: Partial<DetectParts['limits']>): Promise<Life> {
  const life = new Life(durable, onStep, limits)
  await life.begin()
  lives.push(life)
  return life
}
const each = { snapshotEveryEvents: 1 }
/** Lets the first `times` steps of this name fail. */
const failing = (name: Step, times: number, error: () => Error): OnStep => {
  let left = times
  return (step) => {
    if (step === name && left-- > 0) throw error()
  }
}
const messages = (...seqs: number[]): AuditEvent[][] => seqs.map((seq) => [event(seq)])

describe('order', () => {
  it('makes rows and findings durable, then the snapshot, then the commit', async () => {
    const life = await live(new Durable(), undefined, each)
    await life.handler.batch(batchOf(messages(1, 2, 3), 0, 3))
    const at = (what: string) => life.journal.findIndex((entry) => entry.startsWith(what))
    expect([...life.journal].sort()).toEqual(['asked:0', 'commit@3', 'findings:4', 'outbox@3', 'rows:3', 'snapshot@3'])
    expect(at('findings')).toBeLessThan(at('outbox'))
    expect(Math.max(at('rows'), at('outbox'))).toBeLessThan(at('snapshot'))
    expect(at('snapshot')).toBeLessThan(at('commit'))
  })
  it('commits nothing and saves nothing while the rows of a batch are not stored', async () => {
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    const life = await live(new Durable(), (step) => (step === 'rows' ? shut : undefined), each)
    const batch = life.handler.batch(batchOf(messages(1, 2), 0, 2))
    await expect.poll(() => life.journal).toEqual(['asked:0', 'findings:3', 'outbox@2'])
    expect(life.role.progress()).toEqual([{ partition: 0, next: 2, stored: 0 }])
    open()
    await batch
    expect(life.journal.slice(3)).toEqual(['rows:2', 'snapshot@2', 'commit@2'])
  })
  it('takes batches while an insert runs, and stores what waited together', async () => {
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    const life = await live(new Durable(), (step) => (step === 'rows' ? shut : undefined))
    const log = messages(1, 2, 3, 4)
    for (let at = 0; at < 4; at++) await life.handler.batch(batchOf(log, at, at + 1))
    expect(life.role.progress()).toEqual([{ partition: 0, next: 4, stored: 0 }])
    open()
    await life.stored(4)
    expect(life.journal.filter((entry) => entry.startsWith('rows'))).toEqual(['rows:1', 'rows:3'])
  })
  it('takes a snapshot of a partition that has gone quiet', async () => {
    const life = await live(new Durable(), undefined, { snapshotEveryMs: 200 })
    await life.handler.batch(batchOf(messages(1), 0, 1))
    expect(life.durable.commits).toEqual([])
    life.nowMs += 200
    await expect.poll(() => life.durable.commits).toEqual([1])
  })
})

describe('retries of a producer', () => {
  it('are dropped before rows and before rules, counted', async () => {
    const life = await live(new Durable(), undefined, each)
    await life.handler.batch(batchOf([[event(1), event(2), event(1)], [event(2)], [event(3)]], 0, 3))
    expect(life.durable.places()).toEqual(['0/0', '0/1', '2/0'])
    expect(life.durable.found.all.map(({ saw }) => saw).filter((saw) => saw.startsWith('call'))).toHaveLength(3)
    expect(life.telemetry.counts.get('mcp_auditd_events_dropped_total')).toBe(2)
  })
  it('are told from late events: sequence 2 before 1 loses neither', async () => {
    const life = await live(new Durable(), undefined, each)
    await life.handler.batch(batchOf([[event(2)], [event(1)], [event(2)], [event(1)]], 0, 4))
    expect(life.durable.places()).toEqual(['0/0', '1/0'])
  })
  it('are known after a restart', async () => {
    const durable = new Durable()
    const log = [...messages(1, 2), [event(1), event(3)]]
    const first = await live(durable, undefined, each)
    await first.handler.batch(batchOf(log, 0, 2))
    const second = await live(durable, undefined, each)
    expect(second.start).toBe(2)
    await second.handler.batch(batchOf(log, 2, 3))
    expect(durable.places()).toEqual(['0/0', '1/0', '2/1'])
  })
})

describe('rows that are stored already', () => {
  it('are not inserted again, and detected all the same', async () => {
    const durable = new Durable()
    const log = messages(1, 2, 3)
    await durable.store.insertEvents({
      token: 't',
      count: 3,
      source: { rows: log.map(([one], offset) => sampleRow(one!, position(offset))).join('\n') },
    })
    const life = await live(durable, undefined, each)
    await life.handler.batch(batchOf(log, 0, 3))
    expect(life.journal).not.toContain('rows:3')
    expect(durable.inserted.size).toBe(0)
    expect(durable.found.all).toHaveLength(4)
    expect(life.telemetry.counts.get('mcp_auditd_store_skipped_total')).toBe(3)
    expect(durable.commits).toEqual([3])
  })
  it('may be part of one message: only the rest is inserted', async () => {
    const durable = new Durable()
    const log = [Array.from({ length: 100 }, (_, i) => event(i + 1))]
    await durable.store.insertEvents({
      token: 't',
      count: 50,
      source: {
        rows: log[0]!
          .slice(0, 50)
          .map((one, index) => sampleRow(one, position(0, index)))
          .join('\n'),
      },
    })
    const life = await live(durable, undefined, each)
    await life.handler.batch(batchOf(log, 0, 1))
    expect(durable.store.rows.size).toBe(100)
    expect(durable.inserted.size).toBe(50)
    expect(life.telemetry.counts.get('mcp_auditd_events_detected_total')).toBe(100)
  })
  it('are asked for once below the end the log had at takeover, and not above it', async () => {
    const life = await live(new Durable())
    await life.handler.batch(batchOf(messages(1, 2), 0, 1))
    await life.handler.batch(batchOf(messages(1, 2, 3), 1, 2))
    await life.handler.batch(batchOf(messages(1, 2, 3), 2, 3))
    expect(life.journal.filter((entry) => entry.startsWith('asked'))).toEqual(['asked:0'])
  })
  it('are taken whole from the file of the bus only when none of them is left out', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'detect-'))
    folders.push(folder)
    const file = join(folder, 'rows')
    const log = [
      [event(1), event(2)],
      [event(3), event(3)],
    ]
    const durable = new Durable()
    const sources: string[] = []
    const life = new Life(durable)
    const { insertEvents } = life.parts.store
    Object.assign(life.parts.store, {
      insertEvents: (batch: Parameters<typeof insertEvents>[0]) => {
        sources.push(Object.keys(batch.source)[0]!)
        return insertEvents(batch)
      },
    })
    await life.begin()
    lives.push(life)
    for (const [offset, events] of log.entries()) {
      writeFileSync(`${file}-${offset}`, events.map((one, i) => sampleRow(one, position(offset, i))).join('\n'))
      await life.handler.batch({ ...batchOf(log, offset, offset + 1), rowsFile: `${file}-${offset}` })
      await life.stored(offset + 1)
    }
    expect(sources).toEqual(['files', 'rows'])
    expect(durable.places()).toEqual(['0/0', '0/1', '1/0'])
  })
})

describe('what cannot be taken', () => {
  it('unreadable records are dead letters before anything of their batch is committed', async () => {
    const life = await live(new Durable(), undefined, each)
    const letter = { at: '', component: 'kafka', field: 'f', reason: 'r', tenant: '', digest: '' }
    await life.handler.batch({ ...batchOf(messages(1), 0, 1), refused: [letter] })
    expect(life.journal[0]).toBe('letters:1')
    expect(life.durable.commits).toEqual([1])
  })
  it('a row that the store refuses is a dead letter with tenant and position, and its neighbours are stored', async () => {
    const life = new Life(new Durable(), undefined, each)
    const { insertEvents } = life.parts.store
    Object.assign(life.parts.store, {
      insertEvents: async (batch: Parameters<typeof insertEvents>[0]) => {
        const lines = 'rows' in batch.source ? batch.source.rows.trim().split('\n') : []
        const kept = lines.filter((_, line) => line !== 1)
        await insertEvents({ token: batch.token, count: kept.length, source: { rows: kept.join('\n') } })
        return [{ line: 1, reason: "Cannot parse 'hunter2' as UInt64" }]
      },
    })
    await life.begin()
    lives.push(life)
    await life.handler.batch(batchOf(messages(1, 2, 3), 0, 3))
    expect(life.durable.places()).toEqual(['0/0', '2/0'])
    expect(life.durable.letters).toMatchObject([
      {
        component: 'store',
        field: 'row',
        tenant: 'default',
        position: position(1),
        reason: 'Cannot parse … as UInt64',
      },
    ])
    expect(life.durable.letters[0]!.digest).toMatch(/^[0-9a-f]{32}$/)
    expect(life.telemetry.counts.get('mcp_auditd_events_stored_total')).toBe(2)
    expect(life.durable.commits).toEqual([3])
  })
})

describe('failures', () => {
  it.each<Step>(['rows', 'findings', 'positions', 'state', 'commit'])(
    'a passing failure of %s delays and loses nothing',
    async (step) => {
      const durable = new Durable()
      const life = await live(durable, failing(step, 2, unavailable), each)
      await life.handler.batch(batchOf(messages(1, 2), 0, 2))
      expect(durable.store.rows.size).toBe(2)
      expect(durable.findingIds()).toHaveLength(3)
      expect(durable.commits).toEqual([2])
      expect(life.telemetry.logs).toContain('store_retry')
      expect(life.fatal).toEqual([])
    },
  )
  it('a failure that no repetition mends surfaces, and the batch is not committed', async () => {
    const life = await live(new Durable(), failing('findings', 1, crash), each)
    await expect(life.handler.batch(batchOf(messages(1, 2), 0, 2))).rejects.toThrow('crash')
    expect(life.fatal).toHaveLength(1)
    expect(life.durable.commits).toEqual([])
  })
  it('a failure of an insert that no repetition mends surfaces with the next batch or snapshot', async () => {
    const life = await live(new Durable(), failing('rows', 1, crash))
    await life.handler.batch(batchOf(messages(1, 2), 0, 1))
    await expect
      .poll(() =>
        life.handler.batch(batchOf(messages(1, 2), 1, 2)).then(
          () => 'taken',
          (e) => e.message,
        ),
      )
      .toContain('crash')
    expect(life.fatal.length).toBeGreaterThan(0)
    expect(life.durable.commits).toEqual([])
  })
  it('the state of a batch that failed halfway is never saved, and the next life repeats the batch whole', async () => {
    const durable = new Durable()
    const log = messages(1, 2, 3, 4)
    let findings = 0
    const broken = await live(durable, (step) => {
      if (step === 'findings' && ++findings === 2) throw crash()
    })
    await broken.handler.batch(batchOf(log, 0, 1))
    await expect(broken.handler.batch(batchOf(log, 1, 2))).rejects.toThrow('crash')
    await expect(broken.handler.batch(batchOf(log, 2, 4))).rejects.toMatchObject({ code: 'ownership_lost' })
    await broken.handler.revoked(LOG, 0)
    expect(broken.journal.filter((entry) => /snapshot|commit/.test(entry))).toEqual([])
    const next = await live(durable, undefined, each)
    expect(next.start).toBe(0)
    await next.handler.batch(batchOf(log, 0, 4))
    expect(durable.findingIds()).toHaveLength(6)
    expect(durable.store.rows.size).toBe(4)
  })
})

describe('hand-over', () => {
  it('finishes, saves and commits before the partition is given up, and the next owner goes on there', async () => {
    const durable = new Durable()
    const log = messages(1, 2, 3)
    const first = await live(durable)
    await first.handler.batch(batchOf(log, 0, 2))
    await first.handler.revoked(LOG, 0)
    expect(first.journal.slice(-2)).toEqual(['snapshot@2', 'commit@2'])
    expect(first.role.progress()).toEqual([])
    const second = await live(durable, undefined, each)
    expect(second.start).toBe(2)
    await second.handler.batch(batchOf(log, 2, 3))
    expect(durable.found.all.map(({ saw }) => saw)).toContain('call 3: 00000000000000000000000000000003')
  })
  it('of a partition without news writes nothing', async () => {
    const life = await live(new Durable())
    await life.handler.revoked(LOG, 0)
    expect(life.journal).toEqual([])
  })
  it('a batch after it, or of another log, changes nothing', async () => {
    const life = await live(new Durable(), undefined, each)
    await life.handler.batch({ ...batchOf(messages(1), 0, 1), log: 'e'.repeat(32) })
    await life.handler.revoked(LOG, 0)
    await life.handler.batch(batchOf(messages(1), 0, 1))
    expect(life.journal).toEqual([])
  })
  it('stopping the role hands over what it owns', async () => {
    const life = await live(new Durable())
    await life.handler.batch(batchOf(messages(1), 0, 1))
    await life.role.stop()
    expect(life.durable.commits).toEqual([1])
  })
})
