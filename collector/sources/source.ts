/** The contract of one producer whose telemetry we read: what it is known by, how a record becomes an observation, what it cannot say. */
import type { Attributes, OtlpScope } from '../instrument/delivery/otlp-encode.ts'
import type { Observation } from '../observation.ts'

/** Ways in: OTLP spans and log records (HTTP, or a Collector's Kafka topics), and JSON of the producer's own. */
export type Way = 'spans' | 'logs' | 'json'
/** recorded: read from what the producer really sent; documented: from its documentation or source. */
export type Basis = 'recorded' | 'documented'

/** A span or log record with what surrounds it. */
export interface OtlpFacts {
  readonly source: 'span' | 'otlp_log'
  readonly eventId: string
  readonly eventTime: string
  readonly traceId: string
  readonly spanId: string
  /** Only spans that ended have one. */
  readonly durationMs?: number
  /** Name of the span, event name of the log record. */
  readonly name: string
  /** Span kind or status: reported by the client side; ended in error. */
  readonly clientSide: boolean
  readonly failed: boolean
  readonly attributes: Attributes
  readonly resource: Attributes
  readonly scope: OtlpScope
  /** Texts beside the attributes: status, body, exceptions. `path` is where they stand. */
  readonly texts: readonly { readonly path: string; readonly text: string }[]
}

/** For whom a JSON record is read. */
export interface JsonReader {
  readonly tenant: string
  /** The server that a record without one belongs to. */
  readonly fallbackServer: string
}

export interface TelemetrySource {
  /** As in `/v1/sources/<name>`. */
  readonly name: string
  readonly title: string
  readonly vantage: Observation['vantage']
  readonly ways: readonly Way[]
  readonly basis: Basis
  /** Flags that its events carry: what nobody can learn from it. */
  readonly lacks: readonly string[]
  /** One sentence: what a reader has to know before trusting it. */
  readonly note: string
  /** Tells whether an OTLP record is this producer's. */
  recognises?(record: OtlpFacts): boolean
  /** Undefined: nothing about MCP. Throws WrongType for a used attribute of the wrong type. */
  readOtlp?(record: OtlpFacts): Observation | undefined
  /** The records in a body of its own form; default: a list, `{records: […]}` or one record. */
  unwrap?(body: unknown): readonly unknown[]
  /** The same as readOtlp for one JSON record. */
  readJson?(record: unknown, reader: JsonReader): Observation | undefined
}
