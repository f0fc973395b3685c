/** A job for each source of an inventory: what is approved becomes facts for the rules, told when it changed. */
import { createHash } from 'node:crypto'
import { readFacts } from '../../collector/facts.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { InventorySource } from '../../schemas/job-config.ts'
import { failed } from '../feeds/document.ts'
import { inventoryRecords } from '../feeds/inventory-records.ts'
import type { JobContext, JobFile } from '../job-schedule.ts'

interface Told {
  readonly digest: string
  readonly changes: number
}
const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

export async function refreshInventory(
  source: InventorySource,
  { bus, clock, state, signal }: JobContext,
): Promise<string> {
  const records = await inventoryRecords(source, signal)
  const key = `inventory/${source.name}`
  const before = JSON.parse((await state.get(key)) ?? '{"digest":"","changes":0}') as Told
  const digest = digestOf(records)
  if (digest === before.digest) return 'unchanged'
  const nowMs = clock.nowMs()
  const { tenant } = source
  const { candidates, refused } = readFacts(records, {
    caller: { tenant, producer: source.name, claimed: false },
    atMs: nowMs,
  })
  const [first] = refused
  // All or nothing: half of what is approved would make the rest look forbidden.
  if (first !== undefined) throw failed(source, `${first.field}: ${first.reason}`)
  const told: Told = { digest, changes: before.changes + 1 }
  const at = new Date(nowMs).toISOString()
  const events = (candidates as AuditEvent[]).map((event, number) => {
    const eventId = digestOf(['inventory', tenant, source.name, told.changes, number, digest]).slice(0, 32)
    return { ...event, eventId, eventTime: at, receivedAt: at, tenant }
  })
  await bus.publish(events)
  await state.set(key, JSON.stringify(told))
  return `${events.length} events`
}

export default (({ inventorySources }) =>
  inventorySources.map((source) => [
    `inventory-${source.name}`,
    { schedule: source.schedule, atStart: true, run: (context) => refreshInventory(source, context) },
  ])) satisfies JobFile
