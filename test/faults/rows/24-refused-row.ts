// One row of a batch is refused by the store: found by halving, its neighbours stored, also when the service is killed in between.
import { mkdirSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { loadRules } from '../../../detectors/load.ts'
import type { Row, Verdict } from '../row.ts'
import { launch } from '../service.ts'
import { Traffic } from '../traffic.ts'

const row: Row = {
  number: 24,
  title: 'one row of a batch is refused, kill between the halves',
  buses: ['embedded'],
  seeds: { ci: { embedded: 1 }, full: { embedded: 3 } },
  sabotages: ['no-bisect'],
  async run({ dir, random }) {
    const events = new Traffic(await loadRules(), random, 1, 30).batch(0, 100, 60)
    const refused = random.pick(events.filter(({ serverId }) => serverId.startsWith('busy')))
    mkdirSync(dir, { recursive: true })
    const file = `${dir}/events.json`
    writeFileSync(file, JSON.stringify(events))
    const point = { MCP_AUDITD_FAILPOINT: `between-bisect-inserts:${random.between(1, 5)}` }
    const args = [`${dir}/service`, file, refused.eventId]
    // Without bisection the point is never passed; the second life tells what that costs.
    const killed = launch('test/faults/refusing-child.ts', args, point)
    await text(killed.stdout!)
    const second = launch('test/faults/refusing-child.ts', args)
    const [said, complained] = await Promise.all([text(second.stdout!), text(second.stderr!)])
    if (!said.startsWith('{')) throw new Error(`the service ended by itself:\n${complained}`)
    const { figures, faults } = JSON.parse(said) as Verdict
    const more = { ...figures?.more, 'first life ended by': killed.signalCode ?? 'itself' }
    return { ...(figures && { figures: { ...figures, more } }), faults }
  },
}
export default row
