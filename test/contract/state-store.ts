/** The contract of StateStore: any adapter must pass it. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Outcome, Snapshot, StateStore } from '../../schemas/ports.ts'
import { sampleFinding } from './samples.ts'

export interface StateUnderTest {
  readonly state: StateStore
  /** A log whose partition 0 this store may write; a random one when undefined. */
  readonly log?: string
  /** The same state in a new life of the service; undefined where nothing outlives it (memory). */
  readonly reopen?: () => Promise<StateStore>
  close(): Promise<void>
}

/** `make` gives an empty store; it is called for every test. */
export function describeStateStore(name: string, make: () => Promise<StateUnderTest>): void {
  describe(`state store: ${name}`, () => {
    let under: StateUnderTest
    let log: string
    beforeEach(async () => {
      under = await make()
      log = under.log ?? randomUUID().replaceAll('-', '')
    })
    afterEach(() => under.close())

    const snapshotAt = (next: number, chunks: Record<string, string>): Snapshot => ({
      log,
      partition: 0,
      next,
      ruleSetHash: `rules-${next}`,
      watermarkMs: 1_700_000_000_000 + next,
      chunks: new Map(Object.entries(chunks).map(([key, text]) => [key, Buffer.from(text)])),
    })
    const commit = (snapshot: Snapshot, findings: Outcome['findings'] = []) =>
      under.state.commit({ log, partition: 0, next: snapshot.next, findings, snapshot })
    const plain = (snapshot: Snapshot | undefined) =>
      snapshot && {
        ...snapshot,
        chunks: Object.fromEntries([...snapshot.chunks].map(([key, bytes]) => [key, Buffer.from(bytes).toString()])),
      }

    it('has nothing before the first snapshot, also when findings were committed', async () => {
      expect(await under.state.restore(log, 0)).toBeUndefined()
      await under.state.commit({ log, partition: 0, next: 3, findings: [sampleFinding()] })
      expect(await under.state.restore(log, 0)).toBeUndefined()
    })

    it('restores the latest snapshot whole: changed, added and removed chunks', async () => {
      await commit(snapshotAt(10, { a: 'one', b: 'two' }))
      await commit(snapshotAt(20, { a: 'changed', c: 'new' }))
      expect(plain(await under.state.restore(log, 0))).toEqual(plain(snapshotAt(20, { a: 'changed', c: 'new' })))
    })

    it('keeps the snapshot when only findings follow', async () => {
      await commit(snapshotAt(10, { a: 'one' }))
      await under.state.commit({ log, partition: 0, next: 15, findings: [sampleFinding()] })
      expect((await under.state.restore(log, 0))?.next).toBe(10)
    })

    it('never restores a snapshot above the position asked for', async () => {
      await commit(snapshotAt(10, { a: 'one' }))
      await commit(snapshotAt(20, { a: 'two' }))
      expect((await under.state.restore(log, 0, 20))?.next).toBe(20)
      expect((await under.state.restore(log, 0, 19))?.next ?? 0).toBeLessThanOrEqual(19)
      expect(await under.state.restore(log, 0, 9)).toBeUndefined()
    })

    it('keeps a higher position when a late writer brings a lower one', async () => {
      await commit(snapshotAt(20, { a: 'owner' }))
      await commit(snapshotAt(10, { a: 'zombie', b: 'zombie' }))
      expect(plain(await under.state.restore(log, 0))).toEqual(plain(snapshotAt(20, { a: 'owner' })))
    })

    it('takes empty and large chunks, and bytes of any value', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255)
      const chunks = new Map<string, Uint8Array>([
        ['empty', new Uint8Array()],
        ['bytes', bytes],
      ])
      await commit({ ...snapshotAt(1, {}), chunks })
      const restored = await under.state.restore(log, 0)
      expect(Buffer.from(restored!.chunks.get('bytes')!).equals(bytes)).toBe(true)
      expect(restored!.chunks.get('empty')?.byteLength).toBe(0)
    })

    it('has the last snapshot after a restart', async () => {
      if (under.reopen === undefined) return expect(under.reopen).toBeUndefined()
      await commit(snapshotAt(10, { a: 'one', b: 'two' }))
      await commit(snapshotAt(20, { a: 'one', b: 'three' }), [sampleFinding()])
      const again = await under.reopen()
      expect(plain(await again.restore(log, 0))).toEqual(plain(snapshotAt(20, { a: 'one', b: 'three' })))
    })
  })
}
