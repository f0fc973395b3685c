// Fills a data folder with events through the service’s own way in: admission’s rows, spool, detection, store, proof. For `verify`, `erase` and `report`.
import { loadConfig } from '../../cli/configuration.ts'
import { startService } from '../../cli/service.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { realisticEvents } from '../bench/realistic-events.ts'

const PUBLISHED_TOGETHER = 5_000
const DAY_MS = 86_400_000

export interface FillOptions {
  /** Days before now over which receipt is spread. */
  readonly days?: number
  readonly seed?: number
  readonly onProgress?: (events: number) => void
}

/**
 * `events`: so many realistic ones, or those given (with receivedAt and tenant set). The folder is left idle, everything stored and sealed.
 * Answers how many there were.
 */
export async function fillStore(
  dir: string,
  events: number | Iterable<AuditEvent>,
  options: FillOptions = {},
): Promise<number> {
  process.env['UV_THREADPOOL_SIZE'] ??= '16'
  const settings = loadConfig({}, { otlp: '127.0.0.1:0', admin: '127.0.0.1:0', sql: 'off', targets: {} })
  const service = await startService({ settings, dataDir: dir, roles: ['detect'], bus: 'embedded', logLevel: 'error' })
  let count = 0
  try {
    let together: AuditEvent[] = []
    const publish = async (): Promise<void> => {
      await service.bus.publish(together)
      count += together.length
      together = []
      options.onProgress?.(count)
      // The spool holds a gigabyte: what waits for the store is bounded.
      if (count % (PUBLISHED_TOGETHER * 10) === 0) await service.settled()
    }
    for (const event of typeof events === 'number' ? received(events, options) : events) {
      together.push(event)
      if (together.length >= PUBLISHED_TOGETHER) await publish()
    }
    if (together.length > 0) await publish()
    await service.settled()
  } finally {
    await service.stop()
  }
  return count
}

/** Realistic traffic, received evenly over the days up to an hour ago. */
function* received(count: number, { days = 3, seed = 1 }: FillOptions): Generator<AuditEvent> {
  const end = Date.now() - 3_600_000
  const start = end - days * DAY_MS
  let at = 0
  for (const event of realisticEvents(count, seed)) {
    const time = new Date(start + Math.floor((at++ / count) * (end - start))).toISOString()
    yield { ...event, tenant: 'default', eventTime: time, receivedAt: time } as AuditEvent
  }
}

if (import.meta.main) {
  const [dir, count] = process.argv.slice(2)
  if (dir === undefined) throw new Error('usage: fill-store.ts DIR [EVENTS]')
  const began = performance.now()
  const filled = await fillStore(dir, Number(count ?? 1_000_000))
  process.stdout.write(`${filled} events in ${Math.round((performance.now() - began) / 1000)} s\n`)
}
