// Delivery model 2: the owner stops in the middle of a snapshot, another takes over and snapshots, the first comes back, a third restores.
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkajsDriver } from '../../../connectors/kafka/kafkajs.ts'
import { SnapshotView } from '../../../connectors/kafka/snapshot-records.ts'
import { openRoles, type Roles, SHIM_NOTE, untilStopped } from '../roles.ts'
import type { Row, RowContext } from '../row.ts'
import { PARTITIONS } from '../world.ts'

const POINTS: Readonly<Record<string, string>> = {
  'chunks in flight': 'between-snapshot-chunks',
  'manifest and deletes in flight': 'after-manifest-before-deletes',
}
/** Longer than a dead member's session: the second owner has everything by then, and has written snapshots of its own. */
const TAKE_OVER_MS = 5_000

const row: Row = {
  number: 2,
  title: 'zombie with a snapshot in flight, third owner restores',
  buses: ['kafka'],
  variants: () => Object.keys(POINTS),
  seeds: { ci: {}, full: { kafka: 2 } },
  async run(context) {
    const roles = await openRoles(context)
    await roles.role('collect', 'collect')
    await roles.role('alert', 'alert')
    const passage = context.random.between(4, 12)
    const zombie = roles.launchDetect('zombie', { MCP_AUDITD_FAILPOINT: `${POINTS[context.variant]}:${passage}:stop` })
    roles.load.start()
    await untilStopped(zombie)
    const second = await roles.role('detect', 'second')
    await sleep(TAKE_OVER_MS)
    zombie.kill('SIGCONT')
    await sleep(context.random.between(200, 1_500))
    await Promise.all([second.end('SIGKILL'), zombie.running ? zombie.end('SIGKILL') : undefined])
    const third = await roles.role('detect', 'third')
    await roles.load.finish()
    const verdict = await roles.verdict(roles.ask, () => ({ store: SHIM_NOTE }))
    await third.end('SIGTERM')
    return { ...verdict, faults: [...verdict.faults, ...(await snapshotFaults(context, roles))] }
  },
}
export default row

/** After a clean stop each partition that has events has a complete snapshot at its end, and nothing of it half deleted. */
async function snapshotFaults(context: RowContext, roles: Roles): Promise<string[]> {
  const { brokers } = await context.broker(1)
  const driver = kafkajsDriver({ brokers, clientId: 'faults' })
  context.defer(() => driver.close())
  const faults: string[] = []
  const topic = `${roles.prefix}mcp.audit.events`
  const log = await driver.topicId(topic)
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const end = (await driver.watermarks(topic, partition)).high
    if (end === 0) continue
    const view = new SnapshotView(log, partition)
    const state = `${roles.prefix}mcp.audit.state`
    const { low, high } = await driver.watermarks(state, partition)
    await driver.read(state, partition, low, high, (messages) => {
      for (const message of messages) view.add(message)
    })
    const latest = view.latest()
    if (latest?.next !== end)
      faults.push(`partition ${partition}: the snapshot is at ${latest?.next}, the log ends at ${end}`)
  }
  return faults
}
