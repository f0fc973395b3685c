// Delivery model 13: a snapshot after every batch, kill right after one. Findings and alerts of what it covers must be there.
import { killedAt } from '../killed-at.ts'
import type { Row } from '../row.ts'

const row: Row = {
  number: 13,
  title: 'kill between snapshot and publishing the finding',
  buses: ['embedded', 'kafka'],
  variants: () => ['after-snapshot-before-release', 'after-findings-before-commit'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 3, kafka: 1 } },
  sabotages: ['no-state-transaction'],
  run: (context) =>
    killedAt(context, context.variant as 'after-snapshot-before-release' | 'after-findings-before-commit', {
      limits: { snapshotEveryEvents: 1 },
      passages: [5, 25],
      lives: 3,
    }),
}
export default row
