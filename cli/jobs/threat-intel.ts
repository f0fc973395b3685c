/** A job for each feed of threat intelligence: indicators that are new or were changed become facts for the rules. */
import { createHash } from 'node:crypto'
import type { Fingerprint } from '../../collector/foreign.ts'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'
import type { ThreatFeed } from '../../schemas/job-config.ts'
import { EVERY_SERVER } from '../../schemas/topics.ts'
import { failed, jsonOf, readWhole } from '../feeds/document.ts'
import { MAX_INDICATORS, openIndicatorMemory } from '../feeds/indicator-memory.ts'
import { bundleObjects, type Indicator, indicatorsOf } from '../feeds/stix-indicators.ts'
import { readCollection } from '../feeds/taxii.ts'
import { foreignKeys } from '../foreign-keys.ts'
import type { JobContext, JobFile } from '../job-schedule.ts'

/** Events of one publish. */
const BATCH = 500

export async function refreshFeed(
  feed: ThreatFeed,
  context: JobContext,
  fingerprint: Fingerprint | undefined,
): Promise<string> {
  const { bus, clock, state, signal } = context
  const nowMs = clock.nowMs()
  const cursor = `threat-intel/${feed.name}/added-after`
  const { objects, addedAfter } =
    feed.kind === 'taxii'
      ? await readCollection(feed, await state.get(cursor), signal)
      : { objects: await bundle(feed, signal), addedAfter: undefined }
  const { indicators, skipped } = indicatorsOf(objects, feed, nowMs)
  if (indicators.length > MAX_INDICATORS) throw failed(feed, `has more than ${MAX_INDICATORS} indicators`)
  const memory = await openIndicatorMemory(state, feed.name)
  let keyless = 0
  let batch: AuditEvent[] = []
  let told = 0
  for (const one of indicators) {
    const indicator = nameOf(one, fingerprint)
    const key = `${one.kind} ${one.value}`
    const content = JSON.stringify([one.confidence, one.expiresAt, one.revoked, indicator])
    if (indicator === undefined) keyless += 1
    // What is over and was never told needs no telling.
    if (indicator === undefined || memory.isTold(key, content) || (one.revoked && !memory.knows(key))) continue
    const event = eventOf(feed, one, indicator, nowMs)
    if (event === undefined) continue
    memory.tell(key, content)
    batch.push(event)
    told += 1
    if (batch.length < BATCH) continue
    await bus.publish(batch)
    batch = []
  }
  if (batch.length > 0) await bus.publish(batch)
  await memory.save()
  // The cursor last: what was not remembered is read again.
  if (addedAfter !== undefined) await state.set(cursor, addedAfter)
  return [
    `${told} changed of ${indicators.length} indicators`,
    ...(skipped > 0 ? [`${skipped} left out`] : []),
    ...(keyless > 0 ? [`${keyless} need MCP_AUDIT_KEY`] : []),
  ].join(', ')
}

async function bundle(feed: ThreatFeed, signal: AbortSignal): Promise<readonly unknown[]> {
  const objects = bundleObjects(jsonOf(feed, await readWhole(feed, signal)))
  if (objects === undefined) throw failed(feed, 'is no STIX bundle')
  return objects
}

/** Addresses and URLs are compared as the keyed hashes that producers send of theirs; without the key they cannot be. */
function nameOf({ kind, value }: Indicator, fingerprint: Fingerprint | undefined): string | undefined {
  return kind === 'ip' || kind === 'url' ? fingerprint?.('addresses', value) : value
}

function eventOf(feed: ThreatFeed, one: Indicator, indicator: string, nowMs: number): AuditEvent | undefined {
  const at = new Date(nowMs).toISOString()
  const { kind, confidence, revoked, modified } = one
  // Withdrawn: valid until the moment at which it was, so that it can match nothing later.
  const expiresAt = revoked ? Math.max(1, Math.floor(Math.min(Date.parse(modified), nowMs) / 1_000)) : one.expiresAt
  const identity = JSON.stringify(['ti', feed.tenant, feed.name, kind, indicator, confidence, expiresAt, modified])
  const parsed = parseEvent({
    eventType: 'ti.indicator',
    eventId: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    ...{
      eventTime: at,
      receivedAt: at,
      serverId: EVERY_SERVER,
      tenant: feed.tenant,
      vantage: 'server',
      source: 'ingest',
    },
    ...{ indicatorKind: kind, indicator, confidence, expiresAt, feed: feed.name },
  })
  return 'event' in parsed ? parsed.event : undefined
}

export default (({ threatIntel }) =>
  threatIntel.map((feed) => [
    `threat-intel-${feed.name}`,
    {
      schedule: feed.schedule,
      atStart: true,
      async run(context) {
        const keys = foreignKeys(process.env)
        try {
          return await refreshFeed(feed, context, keys.fingerprint)
        } finally {
          keys.close()
        }
      },
    },
  ])) satisfies JobFile
