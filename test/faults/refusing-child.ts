// The embedded service with one event whose row the store will refuse, as a process that can be killed. Arguments: folder, events, id.
import { readFileSync } from 'node:fs'
import type { AuditEvent } from '../../schemas/event.ts'
import { Bed, newSent } from './bed.ts'

const [dir, file, refusedId] = process.argv.slice(2) as [string, string, string]
const events = JSON.parse(readFileSync(file, 'utf8')) as AuditEvent[]
const bed = await Bed.open({
  dir,
  encode: (made) => (event, position) => {
    const row = made(event, position)
    // A position that does not fit its column: admission lets no such event in, so the case must be made.
    return event.eventId === refusedId ? row.replace(/,\d+\]$/, ',-1]') : row
  },
})
const sent = newSent()
await bed.send(events, sent)
sent.acknowledged.delete(refusedId)
const verdict = await bed.verdict(sent, true, () => ({ 'dead letters': bed.letters.length }))
const rows = bed.letters.filter(({ component, field }) => component === 'store' && field === 'row')
const faults =
  rows.length === 1 ? verdict.faults : [...verdict.faults, `${rows.length} dead letters for one refused row`]
process.stdout.write(`${JSON.stringify({ ...verdict, faults })}\n`, () => process.exit(0))
