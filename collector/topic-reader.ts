/** A stock Collector's Kafka topic as a way in: read, decoded, taken by the intake, and only then committed. */
import { failpoint } from '../connectors/failpoint.ts'
import type { KafkaConsumer, KafkaDriver, KafkaMessage } from '../connectors/kafka/driver.ts'
import { AuditdError, isTransient } from '../schemas/errors.ts'
import type { Caller, Clock, DeadLetter, Intake, Telemetry } from '../schemas/ports.ts'
import type { Position } from '../schemas/position.ts'
import { deadLetter } from './dead-letter.ts'
import type { Fingerprint } from './foreign.ts'
import { type Reader, type Readings, readLogs, readSpans } from './normalize.ts'
import { decodeLogsJson, decodeTracesJson } from './otlp/decode-json.ts'
import { decodeLogs } from './otlp/decode-logs.ts'
import { decodeTraces } from './otlp/decode-traces.ts'
import { OtlpUnreadable } from './otlp/records.ts'

export interface CollectorTopic {
  readonly topic: string
  readonly signal: 'logs' | 'traces'
  readonly encoding: 'otlp_proto' | 'otlp_json'
  readonly group: string
  /** Whose records they are: of the configuration, because a record of such a topic proves nothing. */
  readonly caller: Caller
  /** Where to start without a committed offset: everything that is kept, or only what comes. */
  readonly fromBeginning: boolean
}
export interface TopicReaderParts {
  readonly driver: KafkaDriver
  readonly intake: Intake
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly fingerprint?: Fingerprint
}

/** A Collector that was told to says which signal a record is; then it is believed, because topics may be mixed. */
const SIGNAL_HEADER = 'otelcol.signal'
const COMPONENT = 'kafka_source'
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** Candidates handed over at once. */
const GROUP = 1_024

type Step = Readings & { readonly positions: readonly Position[] }

/** Joins the group; resolves once partitions are assigned. Rejects when no broker answers or the topic does not exist. */
export async function readTopic(parts: TopicReaderParts, source: CollectorTopic): Promise<KafkaConsumer> {
  const { driver, telemetry } = parts
  const assignments = new Map<number, number>()
  const logs = new Map<number, string>()
  const ending = new Set<number>()
  const consumer = await driver.consume({
    group: source.group,
    topic: source.topic,
    fromBeginning: source.fromBeginning,
    handler: {
      async assigned(partition, assignment) {
        ending.delete(partition)
        logs.set(partition, await driver.topicId(source.topic))
        assignments.set(partition, assignment)
        return undefined
      },
      async batch(partition, messages, nextOffset) {
        const log = logs.get(partition) ?? ''
        for (const step of steps(messages, (message) => readMessage(parts, source, { log, partition }, message))) {
          if (step.ignored > 0)
            telemetry.count('mcp_auditd_events_dropped_total', step.ignored, {
              component: COMPONENT,
              reason: 'not_mcp',
            })
          await taken(parts, source.caller, step, () => ending.has(partition))
        }
        failpoint('after-take-before-commit')
        await consumer.commit(partition, nextOffset, assignments.get(partition))
      },
      ending: (partition) => void ending.add(partition),
      async revoked(partition) {
        assignments.delete(partition)
      },
    },
  })
  return consumer
}

/** Messages together as far as they make a group: lazily, so that no more is decoded than is being taken. */
function* steps(messages: readonly KafkaMessage[], read: (message: KafkaMessage) => Step): Generator<Step> {
  let group: Step = { candidates: [], refused: [], ignored: 0, positions: [] }
  for (const message of messages) {
    const step = read(message)
    group = {
      candidates: [...group.candidates, ...step.candidates],
      refused: [...group.refused, ...step.refused],
      ignored: group.ignored + step.ignored,
      positions: [...group.positions, ...step.positions],
    }
    if (group.candidates.length + group.refused.length < GROUP) continue
    yield group
    group = { candidates: [], refused: [], ignored: 0, positions: [] }
  }
  yield group
}

/**
 * Durable, or the promise is rejected and the partition starts anew from what is committed. What passes by itself is waited for; an
 * event that the bus can never take costs itself, not the partition.
 */
async function taken(parts: TopicReaderParts, caller: Caller, step: Step, given: () => boolean): Promise<void> {
  const { candidates, refused, positions } = step
  if (candidates.length === 0 && refused.length === 0) return
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      await parts.intake.take(candidates, refused, caller, positions)
      return
    } catch (error) {
      if (error instanceof AuditdError && error.kind === 'input') return await apart(parts, caller, step, error, given)
      if (!isTransient(error) || given()) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
}

async function apart(
  parts: TopicReaderParts,
  caller: Caller,
  { candidates, refused, positions }: Step,
  error: unknown,
  given: () => boolean,
): Promise<void> {
  if (candidates.length <= 1) {
    const [candidate] = candidates
    const letters = candidate === undefined ? [] : [letterOf(parts, caller, 'cannot be taken', candidate, positions[0])]
    // Letters that cannot be kept either: better to stand still than to lose them silently.
    if (candidate === undefined) throw error
    return taken(parts, caller, { candidates: [], refused: [...refused, ...letters], ignored: 0, positions: [] }, given)
  }
  const middle = candidates.length >> 1
  const half = (from: number, to: number, letters: readonly DeadLetter[]): Step => ({
    candidates: candidates.slice(from, to),
    refused: letters,
    ignored: 0,
    positions: positions.slice(from, to),
  })
  await taken(parts, caller, half(0, middle, refused), given)
  await taken(parts, caller, half(middle, candidates.length, []), given)
}

const letterOf = (
  { clock }: TopicReaderParts,
  { tenant }: Caller,
  reason: string,
  refused: unknown,
  position?: Position,
): DeadLetter => deadLetter(COMPONENT, '', reason, tenant, clock.nowMs(), refused, position)

/** Poison gives a letter with its position, whatever it is; the partition goes on. */
function readMessage(
  parts: TopicReaderParts,
  { signal, encoding, caller }: CollectorTopic,
  place: { readonly log: string; readonly partition: number },
  { value, headers, offset }: KafkaMessage,
): Step {
  const at = { ...place, offset }
  const nothing = { candidates: [], refused: [], ignored: 1, positions: [] }
  const said = headers[SIGNAL_HEADER]
  if (value === null || (said !== undefined && said !== 'logs' && said !== 'traces')) return nothing
  const { fingerprint } = parts
  const reader: Reader = { caller, atMs: parts.clock.nowMs(), at, ...(fingerprint && { fingerprint }) }
  const isJson = encoding === 'otlp_json'
  try {
    const readings =
      (said ?? signal) === 'logs'
        ? readLogs((isJson ? decodeLogsJson : decodeLogs)(value), reader)
        : readSpans((isJson ? decodeTracesJson : decodeTraces)(value), reader)
    return { ...readings, positions: readings.positions ?? [] }
  } catch (error) {
    if (!(error instanceof OtlpUnreadable))
      parts.telemetry.log('request_failed', { path: place.log, error: nameOf(error) })
    const reason = error instanceof OtlpUnreadable ? error.message : 'cannot be read'
    return { ...nothing, ignored: 0, refused: [letterOf(parts, caller, reason, value, { ...at, index: 0 })] }
  }
}

/** Its message may quote what was sent. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
