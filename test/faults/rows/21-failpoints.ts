// Each named point of the code at which a crash would be worst: killed there, twice, and recovered.
import { FAILPOINTS, type Failpoint } from '../../../connectors/failpoint.ts'
import { killedAt } from '../killed-at.ts'
import type { Row } from '../row.ts'

/** Without a spool these do not exist; without Kafka's snapshots the last one does not. */
const ONLY_EMBEDDED: readonly Failpoint[] = ['after-segment-write', 'after-segment-fsync']
const ONLY_KAFKA: readonly Failpoint[] = ['after-manifest-before-deletes']
/** A row the store refuses: row 24; a source topic: test/kafka/collector-topics.test.ts; an erasure: test/e2e/erase.test.ts. */
const ELSEWHERE: readonly Failpoint[] = [
  'between-bisect-inserts',
  'after-take-before-commit',
  'after-tombstone-before-delete',
]
/** Passed for every request. */
const OFTEN = new Set<Failpoint>(['after-segment-write', 'after-segment-fsync'])

const row: Row = {
  number: 21,
  title: 'killed at a named point',
  buses: ['embedded', 'kafka'],
  variants(bus) {
    const left = [...ELSEWHERE, ...(bus === 'kafka' ? ONLY_EMBEDDED : ONLY_KAFKA)]
    return (Object.keys(FAILPOINTS) as Failpoint[]).filter((name) => !left.includes(name))
  },
  seeds: { ci: { embedded: 1 }, full: { embedded: 2, kafka: 1 } },
  run(context) {
    const point = context.variant as Failpoint
    return killedAt(context, point, { passages: OFTEN.has(point) ? [1, 60] : [1, 8] })
  },
}
export default row
