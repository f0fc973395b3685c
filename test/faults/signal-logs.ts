// The log of signals as it lies on the broker, for the oracle: what rules that cross servers find is a function of it.
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import type { Signal } from '../../schemas/signal.ts'
import type { RowContext } from './row.ts'

/** Answers it by partition; each call goes on where the one before ended. */
export function signalLogs(
  { defer }: Pick<RowContext, 'defer'>,
  brokers: readonly string[],
  prefix: string,
): () => Promise<readonly (readonly Signal[])[]> {
  const topic = `${prefix}mcp.audit.signals`
  const driver = kafkajsDriver({ brokers, clientId: 'faults' })
  defer(() => driver.close())
  const logs: { next: number; readonly signals: Signal[] }[] = []
  return async () => {
    const partitions = await driver.partitions(topic)
    for (let partition = 0; partition < partitions; partition++) {
      logs[partition] ??= { next: 0, signals: [] }
      const { high } = await driver.watermarks(topic, partition)
      const log = logs[partition]!
      await driver.read(topic, partition, log.next, high, (messages) => {
        for (const { value } of messages) log.signals.push(...(JSON.parse(String(value)) as Signal[]))
      })
      log.next = high
    }
    return logs.map(({ signals }) => signals)
  }
}
