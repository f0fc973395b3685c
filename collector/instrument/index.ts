/** @mcp-auditd/instrument: audit events of an MCP server with one call around it. */

export { flushAudit, shutdownAudit } from './audit-context.ts'
export type { CaptureRule } from './content/capture-policy.ts'
export type { GuardrailOptions } from './content/guarded-content.ts'
export type { ScanBounds } from './content/scan-bounds.ts'
export type {
  AuditExporter,
  AuditSink,
  BatchPart,
  EncodedBatch,
  ExportOutcome,
  QueueOptions,
  SinkStats,
  SpoolOptions,
} from './delivery/audit-sink.ts'
export { AuditLogRecordProcessor, type AuditLogRecordProcessorOptions } from './delivery/log-record-processor.ts'
export { OtlpAuditExporter, type OtlpExporterOptions } from './delivery/otlp-exporter.ts'
export type { OverflowOptions, OverflowPolicy, ToolClass } from './delivery/overflow.ts'
export type { PendingEvent, ProducerFacts } from './delivery/pending-event.ts'
export { createSink, defaultSink, type LoggerProviderLike, memorySink } from './delivery/sinks.ts'
export { auditChallenge, type Challenge, type ChallengedRequest } from './edge/challenge.ts'
export { instrumentMcpHandler, type McpHandlerLike } from './edge/mcp-handler.ts'
export { type Guardrail, GuardrailError } from './guardrails/guardrail.ts'
export type { PrincipalCallback, PrincipalFacts } from './identity/identity.ts'
export { auditTokenVerifier, type TokenAuditOptions, type TokenVerifier } from './identity/token-audit.ts'
export { instrumentMcpServer } from './install.ts'
export type { KeySettings, KeySource, VersionedKeys } from './keys/key-ring.ts'
export type { AuditKeys, Key, Purpose } from './keys/keys.ts'
export { auditElicitation, type ElicitationPage } from './messages/elicitation-page.ts'
export { auditEventStore, type EventStoreOptions } from './messages/event-store.ts'
export type { HandleDeclaration, HandlePolicy } from './messages/handles.ts'
export type { MeterLike, TracerLike } from './messages/spans.ts'
export type { InstrumentOptions, Posture } from './options.ts'
