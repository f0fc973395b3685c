// The event bus over a driver made of functions: a hand-over ends a batch that would wait for ever.
import { expect, it } from 'vitest'
import type { ConsumeOptions, KafkaDriver, PartitionHandler } from '../../../../connectors/kafka/driver.ts'
import { KafkaEventBus } from '../../../../connectors/kafka/event-bus.ts'
import { AuditdError } from '../../../../schemas/errors.ts'

const log = 'c'.repeat(32)
async function begin(handler: Parameters<KafkaEventBus['consume']>[0]) {
  let partitions: PartitionHandler | undefined
  const driver = {
    topicId: async () => log,
    async consume(options: ConsumeOptions) {
      partitions = options.handler
      return { commit: async () => true, assignment: () => [0], close: async () => {} }
    },
  } as unknown as KafkaDriver
  const codec = { encode: () => new Uint8Array(), decode: () => ({ entries: [], refused: [] }) }
  const bus = new KafkaEventBus({
    driver,
    codec,
    clock: { nowMs: () => 0 },
    group: 'g',
    keys: [],
    partitions: 1,
    replicas: 1,
    prefix: '',
  })
  await bus.consume(handler)
  return partitions!
}

it('tells the handler of a revocation while its batch is still under way, once', async () => {
  const revoked: string[] = []
  let giveUp = (_: Error) => {}
  const partitions = await begin({
    assigned: async () => 0,
    batch: () =>
      new Promise((_, reject) => {
        giveUp = reject
      }),
    async revoked(given, partition) {
      revoked.push(`${given}/${partition}`)
      giveUp(new AuditdError('ownership_lost', 'detect', '', 'given up'))
    },
  })
  await partitions.assigned(0, 1)
  const batch = partitions.batch(0, [], 1, 1)
  partitions.ending?.(0)
  await expect(batch).rejects.toMatchObject({ code: 'ownership_lost' })
  await partitions.revoked(0)
  expect(revoked).toEqual([`${log}/0`])
})
it('tells it when the partition is revoked, where no batch is under way', async () => {
  const revoked: number[] = []
  const partitions = await begin({
    assigned: async () => 0,
    batch: async () => {},
    revoked: async (_, partition) => void revoked.push(partition),
  })
  await partitions.assigned(0, 1)
  await partitions.batch(0, [], 1, 1)
  partitions.ending?.(0)
  expect(revoked).toEqual([])
  await partitions.revoked(0)
  expect(revoked).toEqual([0])
})
