// Three brokers, and the leader of partitions dies or is stopped under load: what was acknowledged must be there.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Row } from '../row.ts'
import { openWorld, startUp } from '../world.ts'

const row: Row = {
  number: 23,
  title: 'leader moves on three brokers',
  buses: ['kafka'],
  variants: () => ['kafkajs', 'platformatic'],
  seeds: { ci: {}, full: { kafka: 5 } },
  async run(context) {
    const { random } = context
    const cluster = await context.broker(3)
    const world = await openWorld(context, { nodes: 3, driver: context.variant })
    const service = await startUp(context, world.up())
    world.load.start()
    const moves: string[] = []
    for (let move = 0; move < 2; move++) {
      await sleep(random.between(500, 2_000))
      const node = random.between(0, 2)
      const signal = random.pick(['SIGKILL', 'SIGTERM'] as const)
      moves.push(`${signal} of node ${node + 1}`)
      await cluster.kill(node, signal)
      await sleep(random.between(4_000, 7_000))
      await cluster.restart(node)
    }
    await world.load.finish(90_000)
    if (!service.running) return { faults: [`the service ended by itself:\n${service.log}`] }
    const verdict = await world.verdict(
      (sql) => service.ask(sql),
      () => ({ moves: moves.join('+') }),
      60_000,
    )
    await service.end('SIGTERM')
    return { ...verdict, faults: service.blame(verdict.faults) }
  },
}
export default row
