/** What a server author can say of a server and of its audit. */
import type { CaptureRule } from './content/capture-policy.ts'
import type { GuardrailOptions } from './content/guarded-content.ts'
import type { ScanBounds } from './content/scan-bounds.ts'
import type { AuditSink } from './delivery/audit-sink.ts'
import type { OverflowOptions, OverflowPolicy } from './delivery/overflow.ts'
import type { LoggerProviderLike } from './delivery/sinks.ts'
import type { SideEffectOptions } from './effects/side-effects.ts'
import type { PrincipalCallback } from './identity/identity.ts'
import type { KeySettings } from './keys/key-ring.ts'
import type { SecretReference } from './keys/secret.ts'
import type { HandleDeclaration } from './messages/handles.ts'
import type { MeterLike, TracerLike } from './messages/spans.ts'

/** Posture of the server as its author declares it: recorded, and compared with what happens. */
export interface Posture {
  readonly audienceCheck?: boolean
  readonly sessionMode?: 'stateful' | 'stateless' | 'none'
  readonly originCheck?: boolean
  readonly requestStateProtected?: boolean
  readonly tls?: boolean
  readonly bindAddress?: string
  /** Values of Origin that it takes. */
  readonly allowedOrigins?: readonly string[]
}
export type DataTags =
  | Readonly<Record<string, readonly string[]>>
  | ((tool: string, result: Readonly<Record<string, unknown>>) => readonly string[] | undefined)
export interface InstrumentOptions {
  /** Where events go. Default: the sink of the process (OTLP to the address of the environment, else http://127.0.0.1:4318). */
  readonly sink?: AuditSink | undefined
  /** Emit OpenTelemetry log records through this provider instead; give it an AuditLogRecordProcessor. */
  readonly loggerProvider?: LoggerProviderLike | undefined
  /** Default: MCP_AUDIT_SERVER_ID, else the name of the server. */
  readonly serverId?: string | undefined
  readonly authRequired?: boolean | undefined
  readonly expectedAudiences?: readonly string[] | undefined
  readonly anonymousMethods?: readonly string[] | undefined
  readonly anonymousTools?: readonly string[] | undefined
  readonly buildDigest?: string | undefined
  /** Default: MCP_AUDIT_KEYS or MCP_AUDIT_KEY, else random keys of this process, which the events then say. */
  readonly keys?: KeySettings | undefined
  /**
   * Record the name of each person, encrypted with this key (32 characters or more; several, newest first, while it is rotated), so that
   * `mcp-auditd reveal` can name who stands behind an alert. Default: names are not recorded.
   */
  readonly displayNames?: { readonly key: SecretReference } | undefined
  readonly handles?: readonly HandleDeclaration[] | undefined
  readonly principal?: PrincipalCallback | undefined
  readonly posture?: Posture | undefined
  /** `minimal`: no leaves and no hashes of content. Default `shape`. */
  readonly capture?: 'shape' | 'minimal' | undefined
  /** More or less than that for tools and parameters; the first rule that fits decides. Secrets are taken out of every text. */
  readonly captureRules?: readonly CaptureRule[] | undefined
  /** Run the content classifiers over definitions, arguments and results. Default true, but not with `minimal`. */
  readonly scan?: boolean | undefined
  /** How much of each value they read. Definitions and instructions, which are read once, are read in full. */
  readonly scanBounds?: ScanBounds | undefined
  /**
   * Follow a collector that asks for the redacted texts of a tool under alert, for at most so many milliseconds each time. Default 0:
   * never. A rule that says `drop` is not overruled.
   */
  readonly evidenceMs?: number | undefined
  /** An outside judge of content; sends content out of the process. */
  readonly guardrail?: GuardrailOptions | undefined
  /** What calls do when events cannot be kept. Default `spool`: no call waits, and losses are counted. */
  readonly overflow?: OverflowPolicy | OverflowOptions | undefined
  /** Ask the server's own tools/list handler at the start and after changes. Default true. */
  readonly registryProbe?: boolean | undefined
  /** Scopes that tools need, by name, where the SDK does not know them: told with the definition. */
  readonly requiredScopes?: Readonly<Record<string, readonly string[]>> | undefined
  /** Data tags of results: by tool, or from the result itself, which stays in the process. */
  readonly dataTags?: DataTags | undefined
  /** Default 30000; 0: no heartbeats. */
  readonly heartbeatMs?: number | undefined
  /** Tell the HTTP requests that the process makes in the course of a call. Default false. */
  readonly outbound?: boolean | undefined
  /** Tell the programs it starts and the files it writes in the course of a call. Default false. */
  readonly sideEffects?: boolean | SideEffectOptions | undefined
  readonly tracer?: TracerLike | undefined
  readonly meter?: MeterLike | undefined
  /** `gateway`: events are seen on the wire between client and server (wrap, proxy). Default `server`. */
  readonly vantage?: 'server' | 'gateway' | undefined
  /** Flags of every event: what cannot be seen from here, such as no_principal. */
  readonly lacks?: readonly string[] | undefined
}
