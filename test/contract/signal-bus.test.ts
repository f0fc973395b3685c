// The log of signals in memory keeps the contract; the one on Kafka is held to it in test/kafka.
import { memorySignalBus } from '../../connectors/memory/signal-bus.ts'
import { describeSignalBus } from './signal-bus.ts'

describeSignalBus('memory', async () => {
  const bus = memorySignalBus(3)
  return { bus, partitions: 3, close: () => bus.close() }
})
