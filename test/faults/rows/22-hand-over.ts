// Partitions change hands under load: two workers that join, leave, die and stop, around one store.
import { setTimeout as sleep } from 'node:timers/promises'
import { openRoles, SHIM_NOTE } from '../roles.ts'
import type { Row } from '../row.ts'
import type { Service } from '../service.ts'

const row: Row = {
  number: 22,
  title: 'hand-over of partitions between two workers under load',
  buses: ['kafka'],
  seeds: { ci: { kafka: 1 }, full: { kafka: 10 } },
  async run(context) {
    const { random } = context
    const driver = context.seed % 2 === 0 ? 'platformatic' : 'kafkajs'
    const roles = await openRoles(context, { driver })
    await roles.role('collect', 'collect')
    await roles.role('alert', 'alert')
    const workers: Service[] = [await roles.role('detect', 'worker-0')]
    roles.load.start()
    const done: string[] = []
    for (let step = 1; step <= 3; step++) {
      await sleep(random.between(300, 1_500))
      workers.push(await roles.role('detect', `worker-${step}`))
      await sleep(random.between(300, 2_500))
      const leaving = workers.shift()!
      const manner = random.pick(['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const)
      done.push(manner)
      if (manner !== 'SIGSTOP') await leaving.end(manner)
      else {
        leaving.kill('SIGSTOP')
        await sleep(random.between(2_500, 4_500))
        leaving.kill('SIGCONT')
        workers.push(leaving)
      }
    }
    await roles.load.finish()
    return roles.verdict(roles.ask, () => ({ driver, 'workers left by': done.join('+'), store: SHIM_NOTE }), 60_000)
  },
}
export default row
