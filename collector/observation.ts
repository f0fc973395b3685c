/** What one record of somebody else's telemetry says about one MCP request, whoever wrote it; made by sources/, told by foreign.ts. */
import type { Surface } from './scan/classifier.ts'

/** How a request ended, in the words of the event. */
export interface Ending {
  readonly outcome: 'ok' | 'tool_error' | 'protocol_error' | 'denied' | 'timeout' | 'cancelled'
  readonly decision: 'allow' | 'deny' | 'error'
  /** A JSON-RPC or HTTP code, or the class of an exception; '' when there is none that looks like one. */
  readonly code: string
}

/** Content that came with a record. It is read by the classifiers and then left out. */
export interface Content {
  /** As it stands in `redactions`; '' for texts that are no content of MCP, such as a status text. */
  readonly name: string
  /** Which classifiers read it, and what content.finding says. `text`: somewhere in the record; nothing is said of the surface. */
  readonly surface: Surface | 'text'
  readonly value: unknown
  /** First part of every path; absent: `args` for arguments, else ''. */
  readonly root?: string
  /** The value is text that should be JSON: one that does not parse was cut by its producer. */
  readonly isJsonText?: boolean
}

/** A person or workload that somebody with a validated token vouches for. */
export interface Principal {
  /** '' when the record does not say it. */
  readonly issuer: string
  readonly subject: string
}

export interface Observation {
  readonly source: 'span' | 'otlp_log' | 'adapter'
  readonly eventId: string
  /** RFC 3339 in UTC. */
  readonly eventTime: string
  /** MCP method; '' when the record is about an HTTP request of which no more is known. */
  readonly method: string
  readonly vantage: 'server' | 'gateway' | 'client'
  /** Flags: what this producer cannot say. */
  readonly lacks: readonly string[]
  readonly ending: Ending
  readonly traceId?: string
  readonly spanId?: string
  readonly durationMs?: number | undefined
  /** As the caller said it. */
  readonly toolName?: string
  /** The MCP server that the record names; '' when it names none. */
  readonly server?: string
  /** Fields of the envelope as they are: sdk, serverName, clientKey, verb, status … '' and undefined are left out. */
  readonly facts: Readonly<Record<string, string | number | undefined>>
  readonly protocolVersion?: string
  /** Raw; hashed or left out. */
  readonly sessionId?: string
  readonly address?: string
  readonly principal?: Principal | undefined
  /** Acting parties of a delegated token, outermost first. */
  readonly actors?: readonly Principal[]
  readonly contents: readonly Content[]
}

/** A used field of the wrong type; the record is refused with its name. */
export class WrongType extends Error {
  readonly attribute: string
  constructor(attribute: string, expected: string) {
    super(`must be ${expected}`)
    this.attribute = attribute
  }
}

/** error.type of a tool that said isError. */
const TOOL_ERROR = 'tool_error'
const TIMEOUTS: ReadonlySet<string> = new Set(['timeout', 'TimeoutError', '-32001'])
const CANCELLATIONS: ReadonlySet<string> = new Set(['cancelled', 'canceled', 'CancelledError', 'AbortError'])

/**
 * Codes and class names are kept when they look like one; texts, which hold caller text, never are. `failed`: the record is marked as
 * an error.
 */
export function endingOf(said: {
  readonly isCall: boolean
  readonly failed: boolean
  readonly errorType?: string
  readonly rpcCode?: string
  readonly httpStatus?: number | undefined
  readonly isToolError?: boolean
}): Ending {
  const { isCall, failed, errorType: type = '', rpcCode = '', httpStatus: status } = said
  const isRpcCode = /^-?\d{1,6}$/.test(rpcCode) && rpcCode !== '0'
  const code = isRpcCode ? rpcCode : /^[\w.:-]{1,64}$/.test(type) ? type : ''
  if (status === 401 || status === 403)
    return { outcome: 'denied', decision: 'deny', code: code === '' ? String(status) : code }
  if (CANCELLATIONS.has(type)) return { outcome: 'cancelled', decision: 'allow', code }
  if (TIMEOUTS.has(type) || TIMEOUTS.has(rpcCode)) return { outcome: 'timeout', decision: 'allow', code }
  if (isCall && (type === TOOL_ERROR || said.isToolError === true))
    return { outcome: 'tool_error', decision: 'allow', code }
  if (isRpcCode || /^-?\d+$/.test(type)) return { outcome: 'protocol_error', decision: 'error', code }
  if (!failed && type === '') return { outcome: 'ok', decision: 'allow', code: '' }
  // An exception's class: a server turns it into isError for a tool, into a JSON-RPC error for everything else.
  return isCall
    ? { outcome: 'tool_error', decision: 'allow', code }
    : { outcome: 'protocol_error', decision: 'error', code }
}

/** First revision without sessions; revisions are dates and compare as text. */
const FIRST_MODERN_VERSION = '2026-07-28'
/** '' for what is no revision. */
export const eraOf = (protocolVersion: string): '' | 'legacy' | 'modern' =>
  !/^\d{4}-\d\d-\d\d$/.test(protocolVersion) ? '' : protocolVersion >= FIRST_MODERN_VERSION ? 'modern' : 'legacy'

/** How it came, from whatever name a producer has for it; '' when that says nothing. */
export function transportOf(name: string): '' | 'http' | 'stdio' | 'inproc' | 'sse_legacy' {
  if (name === 'pipe' || /stdio/i.test(name)) return 'stdio'
  if (/inmemory|inproc/i.test(name)) return 'inproc'
  if (/^sse/i.test(name)) return 'sse_legacy'
  return name === 'tcp' || name === 'quic' || /http/i.test(name) ? 'http' : ''
}
