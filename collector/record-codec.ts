/** Records of the Kafka topic as events: OTLP in, admission with the identity of the record’s key, positions counted by record. */
import type { EventCodec, VerifiedRecord } from '../connectors/kafka/event-bus.ts'
import type { DeadLetter, LoggedEvent } from '../schemas/ports.ts'
import { EVERY_SERVER } from '../schemas/topics.ts'
import { admit } from './admit.ts'
import { deadLetter } from './dead-letter.ts'
import { encodeEvents } from './event-records.ts'
import { readLog } from './normalize.ts'
import { decodeLogsJson } from './otlp/decode-json.ts'
import { decodeLogs } from './otlp/decode-logs.ts'
import { type OtlpBatch, type OtlpLogRecord, OtlpUnreadable } from './otlp/records.ts'

export const recordCodec: EventCodec = { encode: encodeEvents, decode }

function decode(record: VerifiedRecord): {
  readonly entries: readonly LoggedEvent[]
  readonly refused: readonly DeadLetter[]
} {
  const entries: LoggedEvent[] = []
  const refused: DeadLetter[] = []
  const { caller, receivedMs, collected, log, partition, offset } = record
  const refuse = (index: number, field: string, reason: string, input: unknown): void => {
    refused.push(
      deadLetter('kafka', field, reason, caller.tenant, receivedMs, input, { log, partition, offset, index }),
    )
  }
  const batches = read(record)
  if (batches instanceof OtlpUnreadable) {
    refuse(0, '', batches.message, record.value)
    return { entries, refused }
  }
  const reader = { caller, atMs: receivedMs, collected }
  let index = 0
  for (const batch of batches)
    for (const logRecord of batch.records) {
      const at = index++
      const reading = readLog(logRecord, batch, reader)
      if (reading === 'not_mcp') refuse(at, 'eventName', 'is no audit event', logRecord)
      else if ('fault' in reading) refuse(at, reading.fault.field, reading.fault.reason, logRecord)
      else {
        // A position names one event. What collect found in content of others stands in records of its own.
        const admitted = admit(reading.events[0], caller, receivedMs, collected)
        // Written by a producer it lies in one partition only, and the rules of other servers would not know it.
        if ('event' in admitted && admitted.event.serverId === EVERY_SERVER && !collected)
          refuse(
            at,
            'serverId',
            'facts about all servers come through collect, which writes them to every partition',
            logRecord,
          )
        else if ('event' in admitted)
          entries.push({ event: admitted.event, position: { log, partition, offset, index: at } })
        else refuse(at, admitted.refused.field, admitted.refused.reason, logRecord)
      }
    }
  return { entries, refused }
}

function read({ value, contentType }: VerifiedRecord): OtlpBatch<OtlpLogRecord>[] | OtlpUnreadable {
  try {
    return contentType === 'otlp_json' ? decodeLogsJson(value) : decodeLogs(value)
  } catch (error) {
    if (error instanceof OtlpUnreadable) return error
    throw error
  }
}
