/** Once a day, after yesterday was merged: its rows are verified, copies that gave way get a tombstone, and what was tampered with is an event. */
import { createHash } from 'node:crypto'
import type { RowPlace } from '../../schemas/proof.ts'
import type { Job } from '../job-schedule.ts'
import { giveLeave } from '../proof/leave.ts'
import { ownEvent } from '../proof/own-event.ts'
import { storeSource } from '../proof/store-source.ts'
import { verifyProof } from '../proof/verification.ts'

const DAY_MS = 86_400_000
const BY = 'job verify-yesterday'

export default {
  schedule: '0 2 * * *',
  atStart: false,
  async run({ store, bus, proof, clock }) {
    if (proof === undefined) return 'no proof is kept here'
    const nowMs = clock.nowMs()
    const day = new Date(nowMs - DAY_MS).toISOString().slice(0, 10)
    const merged: RowPlace[] = []
    const source = storeSource(
      (sql, format) => store.query(sql, { format, own: true }),
      async () => proof.heads(),
    )
    const verdict = await verifyProof(source, {
      // A segment that began the day before is over only now.
      from: new Date(nowMs - 2 * DAY_MS).toISOString().slice(0, 10),
      to: day,
      onMerged: ({ head: { log, partition } }, offset, index) => void merged.push({ log, partition, offset, index }),
    })
    await giveLeave(proof, merged, { reason: 'duplicate', by: BY, note: 'the copy received first stays', atMs: nowMs })
    const { proven } = verdict.summary
    if (verdict.isWhole) return `${day}: ${proven} rows proven, ${merged.length} copies merged`
    const [first] = verdict.faults
    await bus.publish([
      ownEvent('auditd.error', nowMs, createHash('sha256').update(`tampered ${day}`).digest('hex'), {
        component: 'proof',
        code: 'state_corrupt',
        message: `rows of ${day} were tampered with: ${verdict.faults.length + verdict.more} faults, the first ${first!.kind} in segment ${first!.segment}${first!.position === undefined ? '' : ` row ${first!.position}`}; run mcp-auditd verify`,
      }),
    ])
    return `${day}: TAMPERED, ${verdict.faults.length + verdict.more} faults`
  },
} satisfies Job
