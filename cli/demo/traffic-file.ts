/** Recorded traffic: AuditEvents as received, one JSON object a line. Written from the log, played back onto it. */
import { appendFileSync, createReadStream, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { admit } from '../../collector/admit.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { EventBus, LogHandler } from '../../schemas/ports.ts'

const PUBLISHED_TOGETHER = 500
const CALLER = { tenant: 'default', producer: 'traffic', claimed: true }

/** The same bus; what it hands to the detect role is also appended to the file. */
export function recordingBus(bus: EventBus, file: string): EventBus {
  writeFileSync(file, '')
  return {
    publish: (events) => bus.publish(events),
    close: () => bus.close(),
    consume: (handler: LogHandler) =>
      bus.consume({
        ...handler,
        batch(batch) {
          if (batch.entries.length > 0)
            appendFileSync(file, batch.entries.map(({ event }) => `${JSON.stringify(event)}\n`).join(''))
          return handler.batch(batch)
        },
      }),
  }
}

/** Publishes the events in their order, keeping tenant and receivedAt; answers how many, and how many of them are tools/call. */
export async function playTraffic(
  file: string,
  bus: EventBus,
): Promise<{ readonly events: number; readonly calls: number }> {
  let waiting: AuditEvent[] = []
  let events = 0
  let calls = 0
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file) })) {
    number++
    if (line.trim() === '') continue
    const admitted = admit(parse(line, number), CALLER, 0, true)
    if ('refused' in admitted)
      throw new AuditdError(
        'event_invalid',
        'traffic',
        `line ${number}: ${admitted.refused.field}`,
        admitted.refused.reason,
      )
    waiting.push(admitted.event)
    events++
    if (admitted.event.eventType === 'tool.call') calls++
    if (waiting.length === PUBLISHED_TOGETHER) {
      await bus.publish(waiting)
      waiting = []
    }
  }
  if (waiting.length > 0) await bus.publish(waiting)
  return { events, calls }
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new AuditdError('unreadable', 'traffic', `line ${number}`, 'not JSON', error)
  }
}
