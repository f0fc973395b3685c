// Who seals what: one owner after another, owners that died at the worst moments, and those that did not know they were replaced.
import { generateKeyPairSync } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { headOf, Sealer } from '../../../../cli/proof/sealer.ts'
import { type Signer, signerOf } from '../../../../cli/proof/signer.ts'
import { UnsealedRows } from '../../../../cli/proof/unsealed-rows.ts'
import { verifyProof } from '../../../../cli/proof/verification.ts'
import { rowText } from '../../../../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry, sampleEvent } from '../../../contract/samples.ts'
import { type MemoryProof, memoryProof } from '../../../proof/memory-proof.ts'

const LOG = 'c'.repeat(32)
const PARTITION = 2
const newSigner = (): Signer =>
  signerOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)

interface Built {
  readonly line: string
  readonly offset: number
  readonly index: number
}
/** A message of three events; what it is made of does not depend on who makes it. */
const message = (offset: number, ruleSetHash = 'rules-1'): Built[] =>
  [0, 1, 2].map((index) => {
    const event = sampleEvent({
      eventId: `${offset}${index}`.padStart(32, '0'),
      requestUid: '',
      producerSeq: offset * 3 + index + 1,
    })
    const position = { log: LOG, partition: PARTITION, offset, index }
    return { line: rowText(event, { ...ENRICHMENT, ruleSetHash }, position), offset, index }
  })

describe('the chain of a partition', () => {
  let proof: MemoryProof
  let signer: Signer
  let nowMs: number
  beforeEach(async () => {
    proof = memoryProof()
    signer = newSigner()
    nowMs = 1_000_000
    await proof.insertProofKey(signer.key)
  })
  const owner = async (saved?: Uint8Array, by: Signer = signer): Promise<Sealer> => {
    const parts = { store: proof, signer: by, sealRows: 6, sealEveryMs: 60_000, clock: { nowMs: () => nowMs } }
    const untilDurable = <T>(_what: string, attempt: () => Promise<T>): Promise<T> => attempt()
    const sealer = new Sealer({ ...parts, telemetry: recordingTelemetry(), untilDurable }, LOG, PARTITION, saved)
    await sealer.takeOver()
    return sealer
  }
  const insert = async (sealer: Sealer, rows: readonly Built[], refused: readonly number[] = []): Promise<void> => {
    const lines = rows.map(({ line }) => line)
    proof.lines.push(...lines.filter((_, at) => !refused.includes(at)))
    const source = { rows: `${lines.join('\n')}\n` }
    await sealer.inserted(
      source,
      refused.map((line) => ({ line, reason: 'bad' })),
    )
  }
  const verdict = (saved: Uint8Array) => verifyProof(proof.source([headOf(LOG, PARTITION, saved)]))
  const whole = async (saved: Uint8Array) => {
    const { faults, summary } = await verdict(saved)
    expect(faults).toEqual([])
    return summary
  }

  it('waits for enough rows, or long enough, and the state knows the rest', async () => {
    const sealer = await owner()
    await insert(sealer, message(0))
    await sealer.sealIfDue(1)
    expect(proof.manifests).toEqual([])
    expect(await whole(sealer.save())).toMatchObject({ unsealed: 3, proven: 0 })
    await insert(sealer, message(1))
    await sealer.sealIfDue(2)
    expect(proof.manifests.map(({ number, first, next, count }) => [number, first, next, count])).toEqual([
      [1, 0, 2, 6],
    ])
    await insert(sealer, message(2))
    nowMs += 60_000
    await sealer.sealIfDue(3)
    expect(proof.manifests.map(({ previous }) => previous)).toEqual(['', proof.manifests[0]!.hash])
    expect(await whole(sealer.save())).toMatchObject({ segments: 2, proven: 9, unsealed: 0 })
  })

  it('leaves out rows that the store refused', async () => {
    const sealer = await owner()
    await insert(sealer, [...message(0), ...message(1), ...message(2)], [1, 8])
    await sealer.sealIfDue(3)
    expect(proof.manifests[0]!.count).toBe(7)
    await whole(sealer.save())
  })

  it('goes on after a crash between the rows and their manifest', async () => {
    const first = await owner()
    await insert(first, message(0))
    await first.sealIfDue(1)
    const saved = first.save()
    await insert(first, message(1))
    const second = await owner(saved)
    await second.found(message(1))
    await second.sealIfDue(2)
    expect(proof.manifests.map(({ count }) => count)).toEqual([6])
    await whole(second.save())
  })

  it('goes on after a crash between the manifest and the snapshot, without a fork', async () => {
    const first = await owner()
    await insert(first, message(0))
    await first.sealIfDue(1)
    const saved = first.save()
    await insert(first, message(1))
    await first.sealIfDue(2)
    const second = await owner(saved)
    await second.found(message(1))
    await insert(second, [...message(2), ...message(3)])
    await second.sealIfDue(4)
    expect(proof.manifests.map(({ number, count }) => [number, count])).toEqual([
      [1, 6],
      [2, 6],
    ])
    expect(await whole(second.save())).toMatchObject({ segments: 2, branches: 0, proven: 12 })
  })

  it('finds its place when all state is lost', async () => {
    const first = await owner()
    await insert(first, [...message(0), ...message(1)])
    await first.sealIfDue(2)
    await insert(first, message(2))
    const second = await owner()
    await second.found([...message(0), ...message(1), ...message(2)])
    second.isClosing = true
    await second.sealIfDue(3)
    expect(proof.manifests.map(({ number, count }) => [number, count])).toEqual([
      [1, 6],
      [2, 3],
    ])
    await whole(second.save())
  })

  it('takes a manifest of a replaced owner that lands late for a branch, and stays whole', async () => {
    const zombie = await owner(undefined, newSigner())
    await insert(zombie, message(0))
    await zombie.sealIfDue(1)
    const saved = zombie.save()
    const successor = await owner(saved)
    await insert(zombie, message(1))
    await successor.found(message(1))
    await insert(successor, message(2))
    await successor.sealIfDue(3)
    await zombie.sealIfDue(2)
    await insert(successor, [...message(3), ...message(4)])
    await successor.sealIfDue(5)
    const zombieKey = (zombie as unknown as { parts: { signer: Signer } }).parts.signer.key
    await proof.insertProofKey(zombieKey)
    expect(await whole(successor.save())).toMatchObject({ segments: 2, branches: 1, proven: 15 })
  })

  it('proves the row that is stored when rules were reloaded in between', async () => {
    const first = await owner()
    await insert(first, message(0, 'rules-1'))
    const second = await owner()
    await second.found(message(0, 'rules-2'))
    await insert(second, message(1, 'rules-2'))
    await second.sealIfDue(2)
    await whole(second.save())
  })

  it('does not vouch for a row that was changed before it was sealed', async () => {
    const first = await owner()
    await insert(first, message(0))
    proof.lines[1] = proof.lines[1]!.replace('"allow"', '"deny"')
    const second = await owner()
    await second.found(message(0))
    await insert(second, message(1))
    await second.sealIfDue(2)
    const { faults } = await verdict(second.save())
    expect(faults.map(({ kind, position }) => [kind, position])).toEqual([['row-changed', '0/1']])
  })

  it('proves rows that come below its end after a rewind', async () => {
    const sealer = await owner()
    await insert(sealer, [...message(5), ...message(6)])
    await sealer.sealIfDue(7)
    await insert(sealer, [...message(2), ...message(3)])
    await sealer.sealIfDue(7)
    await insert(sealer, [...message(7), ...message(8)])
    await sealer.sealIfDue(9)
    expect(proof.manifests.map(({ first, next }) => [first, next])).toEqual([
      [5, 7],
      [2, 4],
      [7, 9],
    ])
    expect(await whole(sealer.save())).toMatchObject({ proven: 18 })
  })

  it('does not follow a manifest that is not genuine', async () => {
    const sealer = await owner()
    await insert(sealer, [...message(0), ...message(1)])
    await sealer.sealIfDue(2)
    const [genuine] = proof.manifests
    proof.manifests[0] = { ...genuine!, next: 1_000_000 }
    const second = await owner()
    expect(second.covers(3)).toBe(false)
    expect((await verdict(second.save())).faults[0]).toMatchObject({ kind: 'manifest-changed', segment: 1 })
  })

  it('tells an exact copy of a row, which a late insert leaves, from a forged one', async () => {
    const sealer = await owner()
    await insert(sealer, [...message(0), ...message(1)])
    await sealer.sealIfDue(2)
    proof.lines.push(proof.lines[0]!)
    expect(await whole(sealer.save())).toMatchObject({ copies: 1, proven: 6 })
    proof.lines.push(proof.lines[0]!.replace('"allow"', '"deny"'))
    expect((await verdict(sealer.save())).faults.map(({ position }) => position)).toEqual(['0/0'])
  })

  it('cuts a large manifest only where a message ends', () => {
    const rows = new UnsealedRows()
    const lines = Array.from({ length: 20 }, (_, offset) => message(offset)).flat()
    rows.addLines(Buffer.from(lines.map(({ line }) => line).join('\n')), new Set())
    const pieces = rows.sealed(10)
    expect(pieces.map(({ count }) => count)).toEqual([12, 12, 12, 12, 12])
    expect(pieces.slice(1).map(({ first }) => first)).toEqual(pieces.slice(0, -1).map(({ next }) => next))
  })
})
