/** Of what a probe heard, what differs from the time before; the same change always makes the same events. */
import { createHash } from 'node:crypto'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'

/** What was told last, by type and era: a digest, and how often it has changed. */
export type Told = Readonly<Record<string, { readonly digest: string; readonly changes: number }>>
export interface ProbeEvents {
  readonly events: readonly AuditEvent[]
  readonly told: Told
  /** Events that were left out because they are none. */
  readonly refused: number
}

/** Numbers of a producer, times and ids of its own: a probe has none that mean anything. */
const OWN = new Set([
  'eventId',
  'eventTime',
  'producerId',
  'producerSeq',
  'previousProducerId',
  'keyVersion',
  'serverVersion',
])
const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex')

export function changedEvents(
  probe: { readonly name: string; readonly tenant: string },
  heard: readonly AuditEvent[],
  before: Told,
  nowMs: number,
): ProbeEvents {
  const groups = new Map<string, AuditEvent[]>()
  for (const event of heard) {
    const key = `${event.eventType} ${event.era ?? ''}`
    // Lists that are made of several are told as they grow: the last one is whole.
    const former = event.eventType.endsWith('.registry') ? [] : (groups.get(key) ?? [])
    groups.set(key, [...former, event])
  }
  const at = new Date(nowMs).toISOString()
  const events: AuditEvent[] = []
  const told: Record<string, { digest: string; changes: number }> = { ...before }
  let refused = 0
  for (const [key, group] of groups) {
    const contents = group.map((event) =>
      Object.fromEntries(Object.entries(event).filter(([field]) => !OWN.has(field))),
    )
    // Hashes of spans are keyed, and without configured keys each process has others.
    const digest = digestOf(contents.map(({ spanHash: _, flags: __, ...lasting }) => lasting))
    if (before[key]?.digest === digest) continue
    const changes = (before[key]?.changes ?? 0) + 1
    told[key] = { digest, changes }
    for (const [number, content] of contents.entries()) {
      // The number of the change is part of it: a definition that comes back is another change.
      const eventId = digestOf(['probe', probe.tenant, probe.name, key, changes, number, digest]).slice(0, 32)
      const { tenant } = probe
      const parsed = parseEvent({ ...content, eventId, eventTime: at, receivedAt: at, tenant, vantage: 'client' })
      if ('event' in parsed) events.push(parsed.event)
      else refused += 1
    }
  }
  return { events, told, refused }
}
