/** The contract of EventBus: any adapter must pass it. Adapters with several partitions are allowed; order is asked per server. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Consumption, EventBus, LogBatch, LogHandler } from '../../schemas/ports.ts'
import { positionText } from '../../schemas/position.ts'
import { sampleEvent } from './samples.ts'

export interface BusUnderTest {
  readonly bus: EventBus
  /** The same log in a new life of the service, without closing the old one in order; undefined where nothing outlives it (memory). */
  readonly reopen?: () => Promise<EventBus>
  close(): Promise<void>
}

/** Reads everything from `from`, committing nothing unless told; what came is in `batches`. */
function collect(from: number | undefined = 0) {
  const batches: LogBatch[] = []
  const assigned: number[] = []
  const revoked: number[] = []
  const handler: LogHandler = {
    assigned: async (_log, partition) => {
      assigned.push(partition)
      return from
    },
    batch: async (batch) => void batches.push(batch),
    revoked: async (_log, partition) => void revoked.push(partition),
  }
  const entries = () => batches.flatMap((batch) => batch.entries)
  const ids = () => entries().map(({ event }) => event.eventId)
  const places = () => new Map(entries().map(({ event, position }) => [event.eventId, positionText(position)]))
  return { handler, batches, assigned, revoked, entries, ids, places }
}
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 20_000, interval: 10 }).toBe(true)
const some = (count: number, serverId = 'srv-1'): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => sampleEvent({ serverId, producerSeq: i + 1 }))

/** `make` gives an empty log; it is called for every test. */
export function describeEventBus(name: string, make: () => Promise<BusUnderTest>): void {
  describe(`event bus: ${name}`, () => {
    let under: BusUnderTest
    const open: Consumption[] = []
    beforeEach(async () => {
      under = await make()
    })
    afterEach(async () => {
      for (const consumption of open.splice(0)) await consumption.close()
      await under.close()
    })
    const consume = async (handler: LogHandler, bus = under.bus) => {
      const consumption = await bus.consume(handler)
      open.push(consumption)
      return consumption
    }

    it('delivers what was published, in order within a server, with positions that rise', async () => {
      const a = some(20, 'srv-a')
      const b = some(20, 'srv-b')
      await under.bus.publish(a.slice(0, 10))
      const seen = collect()
      await consume(seen.handler)
      await under.bus.publish([...a.slice(10), ...b])
      await until(() => seen.entries().length >= 40)
      for (const [server, events] of [
        ['srv-a', a],
        ['srv-b', b],
      ] as const)
        expect(
          seen
            .entries()
            .filter(({ event }) => event.serverId === server)
            .map(({ event }) => event.eventId),
        ).toEqual(events.map(({ eventId }) => eventId))
      for (const batch of seen.batches)
        for (const { position } of batch.entries) {
          expect(position.log).toBe(batch.log)
          expect(position.partition).toBe(batch.partition)
          expect(position.offset).toBeGreaterThanOrEqual(batch.first)
          expect(position.offset).toBeLessThan(batch.next)
        }
      expect(new Set(seen.places().values()).size).toBe(40)
    })

    it('delivers every field of an event as it was published', async () => {
      const event = sampleEvent({
        labels: ['pii'],
        args: [{ path: '$.a', type: 'string', length: 3 }],
        durationMs: 1.5,
      })
      const plain = JSON.parse(JSON.stringify(event)) as AuditEvent
      await under.bus.publish([event])
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.entries().length >= 1)
      expect(seen.entries()[0]!.event).toMatchObject(plain as unknown as Record<string, unknown>)
    })

    it('keeps one server in one partition', async () => {
      for (let i = 0; i < 5; i++) await under.bus.publish(some(3, 'srv-one'))
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.entries().length >= 15)
      expect(new Set(seen.entries().map(({ position }) => position.partition)).size).toBe(1)
    })

    it('loses and mixes nothing when many publish at the same time', async () => {
      const groups = Array.from({ length: 40 }, (_, i) => some(3, `srv-${i}`))
      await Promise.all(groups.map((events) => under.bus.publish(events)))
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.entries().length >= 120)
      expect(seen.ids().toSorted()).toEqual(
        groups
          .flat()
          .map(({ eventId }) => eventId)
          .toSorted(),
      )
    })

    it('offers a batch again after a transient failure, and delivers nothing of the partition before it', async () => {
      const events = some(5)
      await under.bus.publish(events)
      const seen = collect()
      let failures = 2
      await consume({
        ...seen.handler,
        batch: async (batch) => {
          if (batch.entries.length > 0 && failures-- > 0)
            throw new AuditdError('store_unavailable', 'test', '', 'not yet')
          await seen.handler.batch(batch)
        },
      })
      await until(() => seen.entries().length >= 5)
      expect(failures).toBe(-1)
      expect(seen.ids()).toEqual(events.map(({ eventId }) => eventId))
    })

    it('never runs two batches of a partition at the same time', async () => {
      let running = 0
      let most = 0
      const seen = collect()
      await consume({
        ...seen.handler,
        batch: async (batch) => {
          running += 1
          most = Math.max(most, running)
          await new Promise((resolve) => setTimeout(resolve, 5))
          running -= 1
          await seen.handler.batch(batch)
        },
      })
      for (let i = 0; i < 5; i++) await under.bus.publish(some(2, 'srv-one'))
      await until(() => seen.entries().length >= 10)
      expect(most).toBe(1)
    })

    it('gives up its partitions when consuming ends, and commits nothing after that', async () => {
      const seen = collect()
      await under.bus.publish(some(1))
      const consumption = await consume(seen.handler)
      await until(() => seen.entries().length >= 1)
      const { partition, next } = seen.batches.find(({ entries }) => entries.length > 0)!
      expect(await consumption.commit(partition, next)).toBe(true)
      await consumption.close()
      expect(seen.revoked.toSorted()).toEqual(seen.assigned.toSorted())
      expect(await consumption.commit(partition, next)).toBe(false)
    })

    it('has every acknowledged event at the same position after a restart', async () => {
      if (under.reopen === undefined) return expect(under.reopen).toBeUndefined()
      const events = [...some(4), ...some(4, 'srv-2')]
      for (const event of events) await under.bus.publish([event])
      const before = collect()
      const consumption = await consume(before.handler)
      await until(() => before.entries().length >= 8)
      await consumption.close()
      const again = await under.reopen()
      const after = collect()
      await consume(after.handler, again)
      await until(() => after.entries().length >= 8)
      expect(after.places()).toEqual(before.places())
      for (const [i, { event }] of before.entries().entries())
        expect(
          JSON.parse(JSON.stringify(after.entries().find((entry) => entry.event.eventId === event.eventId)!.event)),
          `${i}`,
        ).toMatchObject({ eventId: event.eventId, eventTime: event.eventTime, serverId: event.serverId })
      const more = [sampleEvent({ eventId: randomUUID() })]
      await again.publish(more)
      await until(() => after.entries().length >= 9)
      expect(new Set(after.places().values()).size).toBe(9)
    })

    it('starts where the handler says', async () => {
      for (let i = 0; i < 4; i++) await under.bus.publish(some(1, 'srv-one'))
      const all = collect()
      const first = await consume(all.handler)
      await until(() => all.entries().length >= 4)
      await first.close()
      const from = all.entries()[2]!.position.offset
      const expected = all.entries().filter(({ position }) => position.offset >= from)
      const late = collect(from)
      await consume(late.handler)
      await until(() => late.entries().length >= expected.length)
      expect(late.ids()).toEqual(expected.map(({ event }) => event.eventId))
    })
  })
}
