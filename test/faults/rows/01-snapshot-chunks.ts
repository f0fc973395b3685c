// Delivery model 1: kill -9 between two chunks of a snapshot. State must equal a replay from 0.
import { killedAt } from '../killed-at.ts'
import type { Row } from '../row.ts'

const row: Row = {
  number: 1,
  title: 'kill between two chunks of a snapshot',
  buses: ['embedded', 'kafka'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 3, kafka: 2 } },
  sabotages: ['no-manifest'],
  run: (context) =>
    killedAt(context, 'between-snapshot-chunks', { limits: { snapshotEveryMs: 200 }, passages: [2, 20], lives: 3 }),
}
export default row
