// What a verification asks for and answers at the borders: many small manifests, days, pins, unknown logs, leave given meanwhile.
import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { giveLeave } from '../../../../cli/proof/leave.ts'
import type { Proof } from '../../../../cli/proof/proof.ts'
import { Sealer } from '../../../../cli/proof/sealer.ts'
import { type Signer, signerOf } from '../../../../cli/proof/signer.ts'
import { verdictText } from '../../../../cli/proof/verdict.ts'
import { verifyProof } from '../../../../cli/proof/verification.ts'
import { rowText } from '../../../../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry, sampleEvent } from '../../../contract/samples.ts'
import { type MemoryProof, memoryProof } from '../../../proof/memory-proof.ts'

const LOG = 'd'.repeat(32)
const newSigner = (): Signer =>
  signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)

describe('a verification', () => {
  let proof: MemoryProof
  let signer: Signer
  let sealer: Sealer
  let next: number
  beforeEach(async () => {
    proof = memoryProof()
    signer = newSigner()
    next = 0
    await proof.insertProofKey(signer.key)
    const clock = { nowMs: () => 0 }
    const untilDurable = <T>(_what: string, attempt: () => Promise<T>): Promise<T> => attempt()
    const parts = {
      store: proof,
      signer,
      sealRows: 1,
      sealEveryMs: 0,
      clock,
      telemetry: recordingTelemetry(),
      untilDurable,
    }
    sealer = new Sealer(parts, LOG, 0, undefined)
  })
  /** One row, one manifest. */
  const store = async (receivedAt: string, log = LOG): Promise<void> => {
    const line = rowText(sampleEvent({ receivedAt }), ENRICHMENT, { log, partition: 0, offset: next, index: 0 })
    proof.lines.push(line)
    if (log !== LOG) return
    next += 1
    await sealer.inserted({ rows: `${line}\n` }, [])
    await sealer.sealIfDue(next)
  }
  const allOf = (signer: Signer): Proof => ({ store: proof, signer, sealRows: 1, sealEveryMs: 0, heads: () => [] })

  it('asks for at most 500 manifests at once', async () => {
    for (let i = 0; i < 1_101; i++) await store(`2026-11-24T01:02:03.${String(i % 1000).padStart(3, '0')}Z`)
    const source = proof.source([sealer.head()])
    const asked: number[] = []
    const counted = {
      ...source,
      manifests: (hashes: readonly string[]) => {
        asked.push(hashes.length)
        return source.manifests(hashes)
      },
    }
    const { faults, summary } = await verifyProof(counted)
    expect(faults).toEqual([])
    expect(summary).toMatchObject({ segments: 1_101, proven: 1_101 })
    expect(asked).toEqual([500, 500, 101])
  })

  it('reads only the days asked for, and says which segments reach beyond them', async () => {
    await store('2026-11-22T23:59:59.000Z')
    await store('2026-11-23T12:00:00.000Z')
    await store('2026-11-24T00:00:01.000Z')
    const source = proof.source([sealer.head()])
    const day = { from: '2026-11-23', to: '2026-11-23' }
    expect((await verifyProof(source, day)).summary).toMatchObject({ segments: 3, proven: 1 })
    proof.lines.splice(0, 1)
    expect((await verifyProof(source, day)).isWhole).toBe(true)
    expect((await verifyProof(source)).faults).toMatchObject([{ kind: 'row-missing', segment: 1, position: '0/0' }])
  })

  it('takes only pinned keys where some are pinned, and says which are not where none is', async () => {
    await store('2026-11-24T01:00:00.000Z')
    const source = proof.source([sealer.head()])
    expect((await verifyProof(source, { pinned: [signer.key] })).isWhole).toBe(true)
    expect((await verifyProof(source)).notes.join()).toContain(
      `key ${signer.key.keyId} of log ${LOG} partition 0 is not pinned`,
    )
    const { faults } = await verifyProof(source, { pinned: [newSigner().key] })
    expect(faults.map(({ kind }) => kind)).toEqual(['key-not-pinned'])
    expect((await verifyProof(source, { own: { log: LOG, keys: [newSigner().key] } })).isWhole).toBe(false)
    expect((await verifyProof(source, { own: { log: 'another', keys: [] } })).isWhole).toBe(true)
  })

  it('says that nobody knows the end of a chain whose head is kept nowhere else', async () => {
    await store('2026-11-24T01:00:00.000Z')
    const { isWhole, notes } = await verifyProof(proof.source())
    expect(isWhole).toBe(true)
    expect(notes[0]).toContain('nobody says how far log')
  })

  it('takes a row of a log without any chain for added, unless it was stored before there was a proof', async () => {
    await store('2026-11-24T01:00:00.000Z')
    await store('2026-11-20T01:00:00.000Z', 'e'.repeat(32))
    const { faults } = await verifyProof(proof.source([sealer.head()]))
    expect(faults).toMatchObject([{ kind: 'row-inserted', log: 'e'.repeat(32) }])
    expect(verdictText(await verifyProof(proof.source([sealer.head()])))).toContain('TAMPERED: 1 faults')
  })

  it('says of a store from before the proof that its rows are unproven', async () => {
    next = 5
    proof.lines.push(
      rowText(sampleEvent({ receivedAt: '2026-11-20T01:00:00.000Z' }), ENRICHMENT, {
        log: LOG,
        partition: 0,
        offset: 1,
        index: 0,
      }),
    )
    await store('2026-11-24T01:00:00.000Z')
    await store('2026-11-19T01:00:00.000Z', 'e'.repeat(32))
    const { isWhole, summary } = await verifyProof(proof.source([sealer.head()]))
    expect(isWhole).toBe(true)
    expect(summary).toMatchObject({ proven: 1, unproven: 2 })
  })

  it('asks once more for leave before it accuses', async () => {
    await store('2026-11-24T01:00:00.000Z')
    await store('2026-11-24T01:00:01.000Z')
    const source = proof.source([sealer.head()])
    const place = { log: LOG, partition: 0, offset: 1, index: 0 }
    const meanwhile = {
      ...source,
      async *rows(day: string) {
        // While rows are read, the service erases one.
        await giveLeave(allOf(signer), [place], { reason: 'erase', by: 'me', note: '', atMs: 0 })
        await proof.removeRows([place])
        yield* source.rows(day)
      },
    }
    const late = {
      ...meanwhile,
      tombstones: async (...asked: Parameters<typeof source.tombstones>) => [...(await source.tombstones(...asked))],
    }
    const { faults, summary } = await verifyProof(late)
    expect(faults).toEqual([])
    expect(summary.gone.erase).toBe(1)
  })

  it('does not take a tombstone of one chain for leave in another', async () => {
    await store('2026-11-24T01:00:00.000Z')
    await giveLeave(allOf(signer), [{ log: 'f'.repeat(32), partition: 0, offset: 0, index: 0 }], {
      reason: 'erase',
      by: 'me',
      note: '',
      atMs: 0,
    })
    proof.lines.length = 0
    const source = proof.source([sealer.head()])
    const honest = {
      ...source,
      tombstones: async (log: string) => (await source.tombstones(log, 0, 0, 9)).filter((each) => each.log === log),
    }
    expect((await verifyProof(honest)).faults).toMatchObject([{ kind: 'row-missing', position: '0/0' }])
  })
})
