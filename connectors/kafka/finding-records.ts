/** Findings as records of their topic: those of one alert group share a partition, so one owner groups them in order. */
import { type Finding, finding as schema } from '../../schemas/finding.ts'
import { partitionOf } from '../../schemas/topics.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'

/** An alert is (rule, entity, window) of a tenant: the window is left out, so that neighbouring windows meet too. */
export const findingPartition = (finding: Finding, partitions: number): number =>
  partitionOf(`${finding.tenant}\u0000${finding.rule}`, finding.entity, partitions)

export const findingRecord = (finding: Finding): KafkaRecord => ({
  key: Buffer.from(finding.findingId),
  value: Buffer.from(JSON.stringify(finding)),
  headers: {},
})

/** Undefined when the record is not a finding of ours. */
export function readFinding(message: KafkaMessage): Finding | undefined {
  try {
    const parsed = schema.safeParse(JSON.parse(String(message.value)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
