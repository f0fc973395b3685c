// A real broker for one test file: on KAFKA_BROKERS when set, else (fault tests) one of its own in a temporary folder.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, startBroker } from '../../cli/kafka-broker.ts'

/** Brokers of the shared test cluster; empty when there is none. */
export const brokers: readonly string[] = (process.env['KAFKA_BROKERS'] ?? '')
  .split(',')
  .filter((address) => address !== '')

/** The reason a Kafka test is skipped, for the test's title. */
export const skipReason = brokers.length === 0 ? ' (skipped: KAFKA_BROKERS is not set; npm run kafka:up prints it)' : ''

let names = 0
/** A topic or group name no other test uses. */
export const uniqueName = (stem: string) => `${stem}-${process.pid}-${Date.now().toString(36)}-${names++}`

/** Starts a cluster in a temporary folder that `stop` removes. */
export async function startTemporary(nodes: 1 | 3): Promise<Broker> {
  const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-kafka-'))
  const broker = await startBroker({ nodes, dir })
  return {
    ...broker,
    stop: async () => {
      await broker.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
