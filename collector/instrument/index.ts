/** @mcp-auditd/instrument: audit events of an MCP server with one call around it. */
export type { InstrumentOptions, Posture } from './audit-context.ts'
export { flushAudit, shutdownAudit } from './audit-context.ts'
export type {
  AuditExporter,
  AuditSink,
  BatchPart,
  EncodedBatch,
  ExportOutcome,
  QueueOptions,
  SinkStats,
  SpoolOptions,
} from './audit-sink.ts'
export { auditChallenge, type Challenge, type ChallengedRequest } from './challenge.ts'
export type { CaptureRule } from './content/capture-policy.ts'
export type { GuardrailOptions } from './content/guarded-content.ts'
export type { ScanBounds } from './content/scan-bounds.ts'
export { auditElicitation, type ElicitationPage } from './elicitation-page.ts'
export { auditEventStore, type EventStoreOptions } from './event-store.ts'
export { type Guardrail, GuardrailError } from './guardrails/guardrail.ts'
export type { HandleDeclaration, HandlePolicy } from './handles.ts'
export type { PrincipalCallback, PrincipalFacts } from './identity.ts'
export { instrumentMcpServer } from './install.ts'
export type { KeySettings, KeySource, VersionedKeys } from './key-ring.ts'
export type { AuditKeys, Key, Purpose } from './keys.ts'
export { AuditLogRecordProcessor, type AuditLogRecordProcessorOptions } from './log-record-processor.ts'
export { instrumentMcpHandler, type McpHandlerLike } from './mcp-handler.ts'
export { OtlpAuditExporter, type OtlpExporterOptions } from './otlp-exporter.ts'
export type { OverflowOptions, OverflowPolicy, ToolClass } from './overflow.ts'
export type { PendingEvent, ProducerFacts } from './pending-event.ts'
export { createSink, defaultSink, type LoggerProviderLike, memorySink } from './sinks.ts'
export type { MeterLike, TracerLike } from './spans.ts'
export { auditTokenVerifier, type TokenAuditOptions, type TokenVerifier } from './token-audit.ts'
