// Delivery model 12: the second request is durable before the first, a snapshot is due, kill. Both must be detected, in their order.
import { setTimeout as sleep } from 'node:timers/promises'
import { loadRules } from '../../../detectors/load.ts'
import { newSent, openBed } from '../bed.ts'
import { heldDisk } from '../held-disk.ts'
import type { Row } from '../row.ts'
import { Traffic } from '../traffic.ts'

/** Long enough for a snapshot, should somebody detect the second segment already. */
const SNAPSHOT_MS = 800

const row: Row = {
  number: 12,
  title: 'the second request’s fsync is first, then a kill',
  buses: ['embedded'],
  alone: true,
  seeds: { ci: { embedded: 1 }, full: { embedded: 3 } },
  sabotages: ['no-segment-order'],
  async run(context) {
    const traffic = new Traffic(await loadRules(), context.random, 1, 40)
    const sent = newSent()
    const disk = heldDisk()
    const first = await openBed(context, { disk })
    const one = first.send(traffic.batch(0, 5, 40), sent)
    await disk.waiting
    await first.send(traffic.batch(0, 5, 40), sent)
    await sleep(SNAPSHOT_MS)
    disk.letGo()
    await one
    await sleep(context.random.between(0, 300))
    first.kill()
    const second = await openBed(context)
    await second.send(traffic.batch(0, 5, 200), sent)
    return second.verdict(sent, true)
  },
}
export default row
