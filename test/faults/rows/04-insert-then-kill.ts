// Delivery model 4: rows landed in the store, no state was ever saved, kill. Rules that count must still fire.
import { killedAt } from '../killed-at.ts'
import type { Row } from '../row.ts'

const row: Row = {
  number: 4,
  title: 'insert lands, kill before state',
  buses: ['embedded', 'kafka'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 3, kafka: 2 } },
  sabotages: ['skip-detection-of-stored'],
  run: (context) =>
    killedAt(context, 'after-insert-before-state', { limits: { snapshotEveryMs: 600_000 }, passages: [3, 15] }),
}
export default row
