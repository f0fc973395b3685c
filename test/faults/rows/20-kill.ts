// kill -9 of the whole service under load, several times a seed, at random moments: also while it starts.
import { setTimeout as sleep } from 'node:timers/promises'
import { proofFaults } from '../proof.ts'
import type { Row } from '../row.ts'
import { Service } from '../service.ts'
import { openWorld, startUp } from '../world.ts'

const row: Row = {
  number: 20,
  title: 'kill -9 of `up` under load',
  buses: ['embedded', 'kafka'],
  seeds: { ci: { embedded: 3, kafka: 1 }, full: { embedded: 25, kafka: 10 } },
  sabotages: ['drop-before-store'],
  async run(context) {
    const { random } = context
    const world = await openWorld(context)
    let service = await startUp(context, world.up())
    world.load.start()
    const kills = random.between(2, 4)
    let duringStart = 0
    for (let i = 0; i < kills; i++) {
      await sleep(random.between(50, 1500))
      await service.end('SIGKILL')
      if (random.chance(0.2)) {
        const starting = Service.start(world.up())
        await sleep(random.between(50, 1500))
        await starting.end('SIGKILL')
        duringStart += 1
      }
      service = await startUp(context, world.up())
    }
    await sleep(300)
    await world.load.finish()
    const more = () => ({ kills: kills + duringStart, retries: world.load.retries })
    const verdict = await world.verdict((sql) => service.ask(sql), more)
    await service.end('SIGTERM')
    const unproven = await proofFaults(context.dir)
    return { ...verdict, faults: service.blame([...verdict.faults, ...unproven]) }
  },
}
export default row
