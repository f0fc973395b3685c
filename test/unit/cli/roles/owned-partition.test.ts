/** One owned partition at its end: released within its budget whatever hangs, and silent afterwards. */
import { describe, expect, it } from 'vitest'
import { OwnedPartition } from '../../../../cli/roles/owned-partition.ts'
import { RetrySet } from '../../../../detectors/engine/retry-set.ts'
import { batchOf, Durable, event, Life, LOG, type OnStep, RULES, type Step, unavailable } from './detect-bed.ts'

const log = [[event(1)], [event(2)], [event(3)]]
const each = { snapshotEveryEvents: 1 }
const never = new Promise<void>(() => {})
function own(onStep?: OnStep, limits = {}) {
  const durable = new Durable()
  const life = new Life(durable, onStep, limits)
  const commits: number[] = []
  const consumption = {
    commit: async (_partition: number, next: number) => {
      commits.push(next)
      return true
    },
    close: async () => {},
  }
  return { durable, life, commits, consumption, owned: new OwnedPartition(life.parts, LOG, 0, undefined) }
}

describe('release', () => {
  it('ends within its budget while the store is down, and nothing is written afterwards', async () => {
    let down = true
    const { durable, commits, consumption, owned } = own((step) => {
      if (step === 'rows' && down) throw unavailable()
    })
    await owned.detect(batchOf(log, 0, 2), consumption)
    await owned.release(consumption, 20)
    down = false
    await expect(owned.detect(batchOf(log, 2, 3), consumption)).rejects.toMatchObject({ code: 'ownership_lost' })
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(durable.store.rows.size).toBe(0)
    expect(commits).toEqual([])
    expect(await durable.state.restore(LOG, 0)).toBeUndefined()
  })
  it.each<Step>(['rows', 'findings', 'positions', 'state'])(
    'ends within its budget when %s hangs for good',
    async (hangs) => {
      const { commits, consumption, owned } = own((step) => (step === hangs ? never : undefined), each)
      const batch = owned.detect(batchOf(log, 0, 2), consumption)
      batch.catch(() => {})
      await owned.release(consumption, 20)
      expect(commits).toEqual([])
    },
  )
  it('waits for what is under way when there is time', async () => {
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    const { durable, commits, consumption, owned } = own((step) => (step === 'rows' ? shut : undefined))
    await owned.detect(batchOf(log, 0, 2), consumption)
    const released = owned.release(consumption, 10_000)
    open()
    await released
    expect(durable.store.rows.size).toBe(2)
    expect(commits).toEqual([2])
  })
  it('lets an insert that lands late commit nothing', async () => {
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    const { durable, life, commits, consumption, owned } = own((step) => (step === 'rows' ? shut : undefined), each)
    const batch = owned.detect(batchOf(log, 0, 2), consumption)
    const refused = expect(batch).rejects.toMatchObject({ code: 'ownership_lost' })
    await owned.release(consumption, 20)
    open()
    await refused
    expect(durable.store.rows.size).toBe(2)
    expect(life.journal.filter((entry) => entry.startsWith('snapshot'))).toEqual([])
    expect(commits).toEqual([])
  })
})

describe('a restored partition', () => {
  it('starts where its snapshot ends, and passes over what lies before it', async () => {
    const first = own(undefined, each)
    await first.owned.detect(batchOf(log, 0, 2), first.consumption)
    const snapshot = (await first.durable.state.restore(LOG, 0))!
    expect(snapshot).toMatchObject({ next: 2, ruleSetHash: RULES.hash })
    const second = new OwnedPartition(first.life.parts, LOG, 0, snapshot)
    expect([second.next, second.storedNext]).toEqual([2, 2])
    await second.detect(batchOf(log, 0, 1), undefined)
    await second.detect(batchOf(log, 1, 3), undefined)
    expect(first.durable.places()).toEqual(['0/0', '1/0', '2/0'])
    expect(first.durable.found.all.map(({ saw }) => saw).at(-1)).toContain('call 3')
  })
  it('says so when cells of another version of a rule were left out', async () => {
    const { durable, life, owned, consumption } = own(undefined, each)
    await owned.detect(batchOf(log, 0, 2), consumption)
    const newer = { ...RULES, rules: RULES.rules.map((rule) => ({ ...rule, version: 2 })) }
    const parts = { ...life.parts, rules: newer }
    new OwnedPartition(parts, LOG, 0, await durable.state.restore(LOG, 0))
    expect(life.telemetry.logs).toEqual(expect.arrayContaining(['state_restored', 'state_discarded']))
  })
  it('keeps its known retries in the snapshot', async () => {
    const { durable, owned, consumption } = own(undefined, each)
    await owned.detect(batchOf(log, 0, 3), consumption)
    const retries = new RetrySet()
    retries.restore((await durable.state.restore(LOG, 0))!.chunks.get('retries')!)
    expect(retries.isRetry(event(2))).toBe(true)
    expect(retries.isRetry(event(4))).toBe(false)
  })
})

describe('metrics', () => {
  it('say lag, watermark, evaluations and rows of state', async () => {
    const gauges = new Map<string, number>()
    const { life, owned, consumption } = own()
    Object.assign(life.telemetry, { gauge: (name: string, value: number) => gauges.set(name, value) })
    await owned.detect(batchOf(log, 0, 2), consumption)
    await owned.tick(consumption)
    await owned.tick(consumption)
    expect(gauges.get('mcp_auditd_lag_events')).toBe(1)
    expect(gauges.get('mcp_auditd_watermark_ms')).toBe(Date.parse(log[1]![0]!.eventTime) - 300_000)
    expect(gauges.has('mcp_auditd_state_rows')).toBe(true)
    expect(life.telemetry.counts.get('mcp_auditd_rule_evaluations_total')).toBeGreaterThanOrEqual(4)
  })
})
