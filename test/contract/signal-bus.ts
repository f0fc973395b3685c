// The contract of SignalBus: any adapter must pass it.
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditdError } from '../../schemas/errors.ts'
import type { Consumption, PartitionHandler, SignalBatch, SignalBus } from '../../schemas/ports.ts'
import type { Signal } from '../../schemas/signal.ts'

export interface SignalBusUnderTest {
  readonly bus: SignalBus
  readonly partitions: number
  close(): Promise<void>
}

export const sampleSignal = (offset: number, fields: Partial<Signal> = {}): Signal => ({
  ...{ log: 'a'.repeat(32), partition: 0, offset, index: 0, ordinal: 2, tenant: 'default' },
  ...{ scope: 'fleetPrincipal', key: 'aa', eventId: offset.toString(16).padStart(32, '0'), eventType: 'tool.call' },
  ...{ eventTime: '2026-11-24T01:02:03.000Z', serverId: 'srv', facts: { decision: 'deny', n: 1, isKnown: true } },
  ...fields,
})

function collect(from: number | undefined = 0) {
  const batches: SignalBatch[] = []
  const handler: PartitionHandler<SignalBatch> = {
    assigned: async () => from,
    batch: async (batch) => void batches.push(batch),
    revoked: async () => {},
  }
  const entries = () => batches.flatMap(({ partition, entries: all }) => all.map((entry) => ({ ...entry, partition })))
  return { handler, batches, entries, signals: () => entries().map(({ signal }) => signal) }
}
const until = (condition: () => boolean) => expect.poll(condition, { timeout: 20_000, interval: 10 }).toBe(true)

/** `make` gives an empty log; it is called for every test. */
export function describeSignalBus(name: string, make: () => Promise<SignalBusUnderTest>): void {
  describe(`signal bus: ${name}`, () => {
    let under: SignalBusUnderTest
    const open: Consumption[] = []
    beforeEach(async () => {
      under = await make()
    })
    afterEach(async () => {
      for (const consumption of open.splice(0)) await consumption.close()
      await under.close()
    })
    const consume = async (handler: PartitionHandler<SignalBatch>) => {
      const consumption = await under.bus.consume(handler)
      open.push(consumption)
      return consumption
    }

    it('delivers the signals of a key as they were sent, in their order, in one partition', async () => {
      const sent = Array.from({ length: 700 }, (_, i) =>
        sampleSignal(i, { lists: { scopes: ['a'], definitions: [{ name: 'x', tags: ['y'] }] }, formerHashes: ['b=a'] }),
      )
      for (let at = 0; at < sent.length; at += 300) await under.bus.publish(sent.slice(at, at + 300))
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.signals().length >= 700)
      expect(seen.signals()).toEqual(sent)
      expect(new Set(seen.entries().map(({ partition }) => partition)).size).toBe(1)
      for (const { first, next, entries } of seen.batches)
        for (const { offset } of entries) {
          expect(offset).toBeGreaterThanOrEqual(first)
          expect(offset).toBeLessThan(next)
        }
    })

    it('spreads keys, tenants and scopes over the partitions', async () => {
      const sent = Array.from({ length: 60 }, (_, i) => sampleSignal(i, { key: `key-${i}` }))
      await under.bus.publish(sent)
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.signals().length >= 60)
      expect(new Set(seen.entries().map(({ partition }) => partition)).size).toBe(under.partitions)
    })

    it('takes a fact about all servers to every partition, between what was sent before and after it', async () => {
      const keys = Array.from({ length: 30 }, (_, i) => sampleSignal(i, { key: `key-${i}` }))
      const fact = sampleSignal(50, { scope: 'fleet', key: '*', serverId: '*' })
      const later = Array.from({ length: 30 }, (_, i) => sampleSignal(60 + i, { key: `key-${i}` }))
      await under.bus.publish([...keys, fact])
      await under.bus.publish(later)
      const seen = collect()
      await consume(seen.handler)
      await until(() => seen.signals().length >= 60 + under.partitions)
      for (let partition = 0; partition < under.partitions; partition++) {
        const offsets = seen.entries().flatMap((each) => (each.partition === partition ? [each.signal.offset] : []))
        expect(offsets.filter((offset) => offset === 50)).toHaveLength(1)
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
      }
    })

    it('offers a batch again after a transient failure, and starts where the handler says', async () => {
      for (let i = 0; i < 4; i++) await under.bus.publish([sampleSignal(i)])
      const seen = collect()
      let failures = 2
      const consumption = await consume({
        ...seen.handler,
        batch: async (batch) => {
          if (batch.entries.length > 0 && failures-- > 0)
            throw new AuditdError('store_unavailable', 'test', '', 'not yet')
          await seen.handler.batch(batch)
        },
      })
      await until(() => seen.signals().length >= 4)
      expect(seen.signals().map(({ offset }) => offset)).toEqual([0, 1, 2, 3])
      await consumption.close()
      const from = seen.entries()[2]!.offset
      const late = collect(from)
      await consume(late.handler)
      const expected = seen.entries().filter(({ offset }) => offset >= from)
      await until(() => late.signals().length >= expected.length)
      expect(late.signals()).toEqual(expected.map(({ signal }) => signal))
    })
  })
}
