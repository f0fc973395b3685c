/** The bus of the demo: nothing to prepare when embedded; on Kafka the given brokers, or one of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBroker } from '../kafka-broker.ts'
import type { Screen } from './screen.ts'

export interface DemoBus {
  readonly brokers: readonly string[]
  /** Settings of the service for this bus. */
  readonly flags: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export async function openDemoBus(bus: 'embedded' | 'kafka', screen: Screen): Promise<DemoBus> {
  if (bus === 'embedded') return { brokers: [], flags: {}, close: async () => {} }
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined && given !== '') {
    const brokers = given.split(',').map((broker) => broker.trim())
    return { brokers, flags: { 'kafka.brokers': brokers }, close: async () => {} }
  }
  screen.say('Starting a Kafka broker …')
  const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-kafka-'))
  const broker = await startBroker({ nodes: 1, dir })
  return {
    brokers: broker.brokers,
    flags: { 'kafka.brokers': [...broker.brokers] },
    async close() {
      await broker.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
