/** Copies of rows that are to go: an event that was stored twice has two positions, and one of its rows may have been merged away. */
import type { ProofContent, RowPlace, SignedHead } from '../../schemas/proof.ts'
import { RunIndex } from './positions.ts'
import { IDENTITY_HASH_BYTES } from './row-facts.ts'
import { type ProofSource, questionsOf } from './source.ts'
import { openContent, rowsIn } from './unsealed-rows.ts'

/**
 * Other positions with the identity of these rows, in manifests of the days on which they were received: once the row is gone that a copy gave
 * way to, nothing would explain the copy's absence, so it needs a tombstone of its own.
 */
export async function copiesOf(
  source: ProofSource,
  rows: readonly RowPlace[],
  days: ReadonlySet<string>,
): Promise<readonly RowPlace[]> {
  const heads = (await source.manifestHeads()).filter((head) => isOn(head, days))
  const wanted = new Set(rows.map(({ log, partition, offset, index }) => `${log}/${partition}/${offset}/${index}`))
  const identities = new Set<string>()
  await eachRow(source, heads, ({ log, partition }, offset, index, identity) => {
    if (wanted.has(`${log}/${partition}/${offset}/${index}`)) identities.add(identity)
  })
  const copies: RowPlace[] = []
  await eachRow(source, heads, ({ log, partition }, offset, index, identity) => {
    if (identities.has(identity) && !wanted.has(`${log}/${partition}/${offset}/${index}`))
      copies.push({ log, partition, offset, index })
  })
  return copies
}

const isOn = ({ receivedFrom, receivedTo }: SignedHead, days: ReadonlySet<string>): boolean => {
  const [from, to] = [receivedFrom.slice(0, 10), receivedTo.slice(0, 10)]
  for (const day of days) if (day >= from && day <= to) return true
  return false
}

type Chained = Pick<SignedHead, 'log' | 'partition'>
type Visit = (of: Chained, offset: number, index: number, identity: string) => void

async function eachRow(source: ProofSource, heads: readonly SignedHead[], visit: Visit): Promise<void> {
  for (const asked of questionsOf(heads))
    for (const manifest of await source.manifests(asked.map(({ hash }) => hash))) eachOf(manifest, manifest, visit)
  for (const head of await source.heads()) eachOf(head, head.pending, visit)
}

function eachOf(of: Chained, rows: ProofContent, visit: Visit): void {
  const content = openContent(rows, rowsIn(rows))
  if (content === undefined) return
  let at = 0
  for (const [offset, index] of new RunIndex(content.runs).positions()) {
    visit(of, offset, index, content.identityHashes.toString('latin1', at, at + IDENTITY_HASH_BYTES))
    at += IDENTITY_HASH_BYTES
  }
}
