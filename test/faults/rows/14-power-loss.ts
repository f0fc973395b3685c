// Delivery model 14: power loss while segments come and go. What was not synced is gone, and no acknowledged row with it.
import { setTimeout as sleep } from 'node:timers/promises'
import { loadRules } from '../../../detectors/load.ts'
import { newSent, openBed } from '../bed.ts'
import { lossyDisk } from '../held-disk.ts'
import type { Row } from '../row.ts'
import { Traffic } from '../traffic.ts'

/** Table settings without which the engine forgets a part at a power loss, or a token. */
const DURABLE = ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'non_replicated_deduplication_window = 1000']
const TABLES = ['events', 'finding_rows', 'alert_rows']
const LOSSES = 3

const row: Row = {
  number: 14,
  title: 'power loss: unsynced segments and names are dropped',
  buses: ['embedded'],
  alone: true,
  seeds: { ci: { embedded: 1 }, full: { embedded: 5 } },
  sabotages: ['no-fsync-before-ack'],
  async run(context) {
    const { random } = context
    const traffic = new Traffic(await loadRules(), random, 1, 60)
    const sent = newSent()
    const disk = lossyDisk()
    for (let loss = 0; loss < LOSSES; loss++) {
      const bed = await openBed(context, { disk })
      for (let i = random.between(3, 12); i > 0; i--) {
        await bed.send(traffic.batch(0, 10, 4), sent)
        await sleep(random.between(0, 60))
      }
      // One request is on its way, the last one was acknowledged this moment.
      void bed.send(traffic.batch(0, 10, 0), sent)
      await bed.send(traffic.batch(0, 10, 2), sent)
      bed.kill()
      await sleep(50)
      await disk.powerLoss()
    }
    const bed = await openBed(context, { disk })
    const known = await bed.ask('SELECT event_id FROM events_exact')
    await bed.send(traffic.batch(0, 10, 500), sent)
    const verdict = await bed.verdict(sent, true, () => ({
      losses: LOSSES,
      'rows before the last life': known.split('\n').length - 1,
    }))
    return { ...verdict, faults: [...verdict.faults, ...(await settingFaults((sql) => bed.ask(sql)))] }
  },
}
export default row

async function settingFaults(ask: (sql: string) => Promise<string>): Promise<string[]> {
  const engines = await ask(`SELECT name, engine_full FROM system.tables WHERE database = 'mcp_auditd'`)
  return TABLES.flatMap((table) => {
    const engine = engines.split('\n').find((line) => line.startsWith(`${table}\t`)) ?? ''
    return DURABLE.filter((setting) => !engine.includes(setting)).map((setting) => `table ${table} lacks ${setting}`)
  })
}
