// What `npm run verify:edits` does a thousand times: a sample of every build.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyProof } from '../../cli/proof/verification.ts'
import { exported, type HeldProof, heldSource } from '../proof/held-proof.ts'
import { runRealEdits } from '../proof/real-edits.ts'
import { runEdits, withTail } from '../proof/run-edits.ts'
import { openSmall, type SmallStore, smallStore, sourceOf } from '../proof/small-store.ts'

describe('verification', { timeout: 60_000 }, () => {
  let small: SmallStore
  let held: HeldProof
  beforeAll(async () => {
    small = await smallStore(900)
    const store = await openSmall(small.dir)
    held = await exported((sql) => store.query(sql, { format: 'JSONCompactEachRow' }), sourceOf(store, small.dir))
    await store.close()
  }, 60_000)
  afterAll(() => small.close())

  it('is green where rows went by retention, as copies and by erasure, also before copies have a tombstone', async () => {
    const { isWhole, summary, faults } = await verifyProof(heldSource(held))
    expect(faults).toEqual([])
    expect(isWhole).toBe(true)
    expect(Math.min(...Object.values(summary.gone), summary.merged)).toBeGreaterThan(0)
    expect(summary.proven).toBe(held.rows.length)
    expect([summary.unproven, summary.unknownTail, summary.unsealed, summary.branches]).toEqual([0, 0, 0, 0])
  })

  it('finds and names 50 random edits of what it is given', async () => {
    const { missed, found } = await runEdits(held, 50, 11)
    expect(missed).toEqual([])
    expect(found).toBe(50)
  })

  it('finds and names 20 where some rows are not in a manifest yet', async () => {
    expect((await runEdits(withTail(held), 20, 12)).missed).toEqual([])
  })

  it('finds and names what the engine itself carries out, and is green when they are taken back', async () => {
    expect((await runRealEdits(small.dir, 5, 3)).missed).toEqual([])
  })
})
