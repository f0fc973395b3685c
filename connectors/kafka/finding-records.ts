/** Findings and decisions as records of one topic: those of one alert group share a partition, so one owner takes them in order. */
import { type AlertChange, type AlertGroup, alertChange } from '../../schemas/alert-change.ts'
import { type Finding, finding as schema } from '../../schemas/finding.ts'
import { partitionOf } from '../../schemas/topics.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'

/** An alert is (rule, entity, window) of a tenant: the window is left out, so that neighbouring windows meet too. */
export const findingPartition = ({ tenant, rule, entity }: AlertGroup, partitions: number): number =>
  partitionOf(`${tenant}\u0000${rule}`, entity, partitions)

const KIND = 'mcp-audit-kind'
const CHANGE = 'alert-change'

export const findingRecord = (finding: Finding): KafkaRecord => ({
  key: Buffer.from(finding.findingId),
  value: Buffer.from(JSON.stringify(finding)),
  headers: {},
})
export const changeRecord = (change: AlertChange): KafkaRecord => ({
  key: Buffer.from(change.changeId),
  value: Buffer.from(JSON.stringify(change)),
  headers: { [KIND]: CHANGE },
})

/** Undefined when the record is not a finding of ours. */
export function readFinding(message: KafkaMessage): Finding | undefined {
  const parsed = schema.safeParse(bodyOf(message))
  return parsed.success ? parsed.data : undefined
}

/** What a record of the topic is; undefined when it is none of ours. */
export function readLogged(
  message: KafkaMessage,
): { readonly finding: Finding } | { readonly change: AlertChange } | undefined {
  if (message.headers[KIND] === CHANGE) {
    const parsed = alertChange.safeParse(bodyOf(message))
    return parsed.success ? { change: parsed.data } : undefined
  }
  const finding = readFinding(message)
  return finding === undefined ? undefined : { finding }
}

function bodyOf({ value }: KafkaMessage): unknown {
  try {
    return JSON.parse(String(value))
  } catch {
    return undefined
  }
}
