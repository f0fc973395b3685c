/** Once an hour: the heads of the chains as signed events, so that targets and exports hold what a store that was cut off would deny. */
import { createHash } from 'node:crypto'
import type { AuditEvent } from '../../schemas/event.ts'
import type { SignedHead } from '../../schemas/proof.ts'
import type { Job } from '../job-schedule.ts'
import { ownEvent } from '../proof/own-event.ts'
import { rowsOf } from '../store-question.ts'

/** The newest manifest of each chain, whoever owns its partition. */
const NEWEST = `SELECT position_log, position_partition, toString(max(number)) FROM proof_manifests GROUP BY position_log, position_partition`

export const checkpointOf = (head: SignedHead, nowMs: number): AuditEvent =>
  // The same head is the same event: an idle chain says nothing twice.
  ownEvent('auditd.checkpoint', nowMs, createHash('sha256').update(`checkpoint ${head.hash}`).digest('hex'), {
    chainHash: head.hash,
    firstSeq: 1,
    lastSeq: head.number,
    chainLog: head.log,
    chainPartition: head.partition,
    nextOffset: head.next,
    keyId: head.keyId,
    signature: head.signature,
  })

export default {
  schedule: '5 * * * *',
  atStart: false,
  async run({ store, bus, proof, clock }) {
    if (proof === undefined) return 'no proof is kept here'
    const answer = await store.query(NEWEST, { format: 'JSONCompactEachRow', own: true })
    const events: AuditEvent[] = []
    for (const [log, partition, number] of rowsOf<[string, number, string]>(answer)) {
      const heads = await proof.store.manifestsAfter(log, partition, Number(number) - 1)
      events.push(...heads.map((head) => checkpointOf(head, clock.nowMs())))
    }
    if (events.length > 0) await bus.publish(events)
    return `${events.length} heads`
  },
} satisfies Job
