/** What a failed statement means: the rows are bad, the store is in trouble, or the query was not allowed. */
import { AuditdError } from '../../schemas/errors.ts'
import { firstLine } from './client.ts'

/**
 * Codes of ClickHouse that speak about the content of a row; only these start a bisection. Everything else is taken for trouble of the
 * store (full disk 243, memory 241, too many parts 252, read-only 164, network), where repeating the same bytes is right.
 */
const ROW_CODES = new Set([
  6, // CANNOT_PARSE_TEXT
  25, // CANNOT_PARSE_ESCAPE_SEQUENCE: a lone surrogate
  26, // CANNOT_PARSE_QUOTED_STRING
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  33, // CANNOT_READ_ALL_DATA
  34, // TOO_MANY_ARGUMENTS: more values than columns
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  53, // TYPE_MISMATCH
  69, // ARGUMENT_OUT_OF_BOUND
  70, // CANNOT_CONVERT_TYPE
  72, // CANNOT_PARSE_NUMBER
  117, // INCORRECT_DATA
  128, // TOO_LARGE_ARRAY_SIZE
  130, // CANNOT_READ_ARRAY_FROM_TEXT
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  407, // DECIMAL_OVERFLOW
  467, // CANNOT_PARSE_BOOL
  632, // UNEXPECTED_DATA_AFTER_PARSED_VALUE
  636, // CANNOT_EXTRACT_TABLE_STRUCTURE
])
/** By shape: chDB throws the error class of its own copy of the client. A broken line has a code such as ECONNRESET. */
const codeOf = (error: unknown): number | undefined => {
  const code = error instanceof Error && 'type' in error && 'code' in error ? String(error.code) : ''
  return /^\d+$/.test(code) ? Number(code) : undefined
}
export const isRowFault = (error: unknown): boolean => ROW_CODES.has(codeOf(error) ?? -1)
/** The answer never came (159: the server gave up waiting): the statement may or may not have been carried out. */
export const isInDoubt = (error: unknown): boolean => codeOf(error) === undefined || codeOf(error) === 159

/** Trouble of the store as the transient error of the ports. */
export const storeUnavailable = (doing: string, error: unknown): AuditdError =>
  error instanceof AuditdError ? error : new AuditdError('store_unavailable', 'store', doing, firstLine(error), error)

/** A refused or failed query of a person: its own fault unless nothing answered. */
export const queryFailed = (error: unknown): AuditdError =>
  error instanceof AuditdError || codeOf(error) === undefined
    ? storeUnavailable('query', error)
    : new AuditdError('query_refused', 'query', '', firstLine(error), error)

/** An error as the engine names it: its number, its name and its words. */
export interface EngineFault {
  readonly code: number
  readonly type: string
  readonly message: string
}
/** A refusal of ours that clients of the engine's protocol can read: the cause is shaped like an error of the engine. */
export function engineFault(code: number, type: string, reason: string): AuditdError {
  const cause = Object.assign(new Error(reason), { code: String(code), type })
  return new AuditdError('query_refused', 'query', '', reason, cause)
}
/** What the engine said, or would have said; undefined where nothing answered. */
export function faultOf(error: unknown): EngineFault | undefined {
  const cause = error instanceof AuditdError ? error.cause : error
  const code = codeOf(cause)
  if (code === undefined || !(cause instanceof Error)) return undefined
  return { code, type: String((cause as { type?: unknown }).type ?? ''), message: cause.message.trim() }
}
