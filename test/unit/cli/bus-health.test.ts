/** Health of the bus: a refusal shows at once, ends with the next success or by itself, and is one log line however often it repeats. */
import { expect, it } from 'vitest'
import { watchBus } from '../../../cli/bus-health.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { EventBus } from '../../../schemas/ports.ts'
import { sampleEvent } from '../../contract/samples.ts'

function bed() {
  const world = { nowMs: 1_000, full: false, logs: [] as string[] }
  const inner: EventBus = {
    async publish() {
      if (world.full) throw new AuditdError('spool_full', 'spool', 'segment', 'ENOSPC')
    },
    consume: () => Promise.reject(new Error('not consumed here')),
    close: async () => undefined,
  }
  const telemetry = {
    count: () => undefined,
    gauge: () => undefined,
    log: (name: string, fields: object = {}) => void world.logs.push(`${name} ${JSON.stringify(fields)}`),
  }
  return { world, ...watchBus(inner, { nowMs: () => world.nowMs }, telemetry) }
}
const events = [sampleEvent()]

it('a refused event makes the service not ready with the reason, and the next accepted one ready again', async () => {
  const { world, bus, accepts } = bed()
  expect(accepts()).toBe(true)
  world.full = true
  await expect(bus.publish(events)).rejects.toMatchObject({ code: 'spool_full' })
  await expect(bus.publish(events)).rejects.toMatchObject({ code: 'spool_full' })
  expect(accepts()).toBe('spool: segment: ENOSPC')
  expect(world.logs).toEqual(['not_accepted {"reason":"spool: segment: ENOSPC"}'])
  world.full = false
  await bus.publish(events)
  expect(accepts()).toBe(true)
})

it('a refusal that nobody repeats is forgotten, so that senders come back', async () => {
  const { world, bus, accepts } = bed()
  world.full = true
  await expect(bus.publish(events)).rejects.toThrow()
  world.nowMs += 9_999
  expect(accepts()).not.toBe(true)
  world.nowMs += 1
  expect(accepts()).toBe(true)
})
