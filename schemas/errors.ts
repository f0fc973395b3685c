/** The one error class of the service and its closed list of codes; the kind of a code decides what happens next. */

/**
 * `input`: dead letter with the reason, never a crash. `rule`: isolate the rule. `transient`: retry with jitter and push back.
 * `config`: stop with exit code 78. `usage`: exit code 2. `invariant`: crash loudly, because going on would lie.
 */
export const ERROR_CODES = {
  unreadable: 'input',
  event_invalid: 'input',
  event_too_large: 'input',
  identity_mismatch: 'input',
  credential_invalid: 'input',
  digest_mismatch: 'input',
  row_refused: 'input',
  rule_failed: 'rule',
  bus_unavailable: 'transient',
  bus_overloaded: 'transient',
  store_unavailable: 'transient',
  spool_full: 'transient',
  spool_unavailable: 'transient',
  target_failed: 'transient',
  target_refused: 'input',
  address_denied: 'input',
  ownership_lost: 'transient',
  config_invalid: 'config',
  dependency_missing: 'config',
  usage: 'usage',
  query_refused: 'usage',
  not_found: 'usage',
  topic_recreated: 'invariant',
  spool_corrupt: 'invariant',
  state_corrupt: 'invariant',
} as const
export type ErrorCode = keyof typeof ERROR_CODES
export type ErrorKind = (typeof ERROR_CODES)[ErrorCode]

/** `component: field: reason`, with the cause kept. */
export class AuditdError extends Error {
  readonly code: ErrorCode
  readonly component: string
  readonly field: string
  constructor(code: ErrorCode, component: string, field: string, reason: string, cause?: unknown) {
    super(
      field === '' ? `${component}: ${reason}` : `${component}: ${field}: ${reason}`,
      cause === undefined ? undefined : { cause },
    )
    this.name = 'AuditdError'
    this.code = code
    this.component = component
    this.field = field
  }
  get kind(): ErrorKind {
    return ERROR_CODES[this.code]
  }
}
export const isTransient = (error: unknown): boolean => error instanceof AuditdError && error.kind === 'transient'
