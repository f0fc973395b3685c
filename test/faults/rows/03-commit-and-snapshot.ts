// Delivery model 3: the commit ahead of the snapshot, and the snapshot ahead of the commit; kill. No finding missing, none too many.
import { Kafka, logLevel } from 'kafkajs'
import { killedAt } from '../killed-at.ts'
import type { Row, RowContext } from '../row.ts'
import { PARTITIONS } from '../world.ts'

const GROUP = 'mcp-auditd-detect'

const row: Row = {
  number: 3,
  title: 'commit and snapshot apart, then a kill',
  buses: ['embedded', 'kafka'],
  variants: (bus) =>
    bus === 'embedded' ? ['snapshot ahead'] : ['snapshot ahead', 'commit at the end of the log', 'commit at its start'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 2, kafka: 1 } },
  sabotages: ['commit-before-store'],
  run(context) {
    const prefix = `f${process.pid}-${Date.now().toString(36)}-`
    return killedAt(context, 'after-snapshot-before-release', {
      prefix,
      limits: context.bus === 'embedded' ? { snapshotEveryEvents: 1 } : { snapshotEveryMs: 200 },
      passages: [2, 20],
      meanwhile: async () => {
        if (context.variant === 'commit at the end of the log') await moveCommit(context, prefix, 'latest')
        if (context.variant === 'commit at its start') await moveCommit(context, prefix, 'earliest')
      },
    })
  },
}
export default row

/** An operator's hand on the offsets; the broker allows it once the dead member is out of the group. */
async function moveCommit(context: RowContext, prefix: string, to: 'latest' | 'earliest'): Promise<void> {
  const { brokers } = await context.broker(1)
  const kafka = new Kafka({ brokers, clientId: 'faults', logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const admin = kafka.admin()
  await admin.connect()
  const topic = `${prefix}mcp.audit.events`
  const ends = await admin.fetchTopicOffsets(topic)
  const partitions = ends
    .filter(({ partition }) => partition < PARTITIONS)
    .map(({ partition, low, high }) => ({ partition, offset: to === 'latest' ? high : low }))
  const deadline = Date.now() + 20_000
  for (;;) {
    const moved = await admin.setOffsets({ groupId: prefix + GROUP, topic, partitions }).then(
      () => true,
      (error: Error) => error,
    )
    if (moved === true) break
    if (Date.now() > deadline) throw moved
    await new Promise((done) => setTimeout(done, 300))
  }
  await admin.disconnect()
}
