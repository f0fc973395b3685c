// Delivery model 17: a process stops with a commit pending, loses its partitions, and rejoins. It may only rewind, never move a commit back.
import { setTimeout as sleep } from 'node:timers/promises'
import { kafkajsDriver } from '../../../connectors/kafka/kafkajs.ts'
import { openRoles, SHIM_NOTE, untilStopped } from '../roles.ts'
import type { Row } from '../row.ts'
import { PARTITIONS } from '../world.ts'

const TAKE_OVER_MS = 5_000

const row: Row = {
  number: 17,
  title: 'a process rejoins with a commit pending',
  buses: ['kafka'],
  variants: () => ['kafkajs', 'platformatic'],
  seeds: { ci: {}, full: { kafka: 1 } },
  async run(context) {
    const roles = await openRoles(context, { driver: context.variant })
    await roles.role('collect', 'collect')
    await roles.role('alert', 'alert')
    const point = `after-snapshot-before-release:${context.random.between(4, 12)}:stop`
    const first = roles.launchDetect('first', { MCP_AUDITD_FAILPOINT: point })
    roles.load.start()
    await untilStopped(first)
    await roles.role('detect', 'second')
    await sleep(TAKE_OVER_MS)
    const { brokers } = await context.broker(1)
    const driver = kafkajsDriver({ brokers, clientId: 'faults' })
    context.defer(() => driver.close())
    const watch = watchCommits((partition) =>
      driver.committed(`${roles.prefix}mcp-auditd-detect`, `${roles.prefix}mcp.audit.events`, partition),
    )
    first.kill('SIGCONT')
    await sleep(4_000)
    await roles.load.finish()
    const verdict = await roles.verdict(roles.ask, () => ({ store: SHIM_NOTE }))
    return { ...verdict, faults: [...verdict.faults, ...(await watch())] }
  },
}
export default row

/** Asks for the commits until called; answers each that went back. */
function watchCommits(ask: (partition: number) => Promise<number | undefined>): () => Promise<string[]> {
  const highest = new Array<number>(PARTITIONS).fill(0)
  const faults: string[] = []
  let watching = true
  const running = (async () => {
    while (watching) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const at = await ask(partition).catch(() => undefined)
        if (at === undefined) continue
        if (at < highest[partition]!)
          faults.push(`the commit of partition ${partition} went back from ${highest[partition]} to ${at}`)
        highest[partition] = Math.max(highest[partition]!, at)
      }
      await sleep(50)
    }
  })()
  return async () => {
    watching = false
    await running
    return faults
  }
}
