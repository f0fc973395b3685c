/** Bytes of a message as JSON-RPC messages: one, or those of a legacy batch. */
import type { RpcMessage } from '../instrument/messages/request.ts'

/** Messages of one batch that are read; a longer one is counted as not understood. */
const MAX_BATCH = 1_000
/** A request keeps what it asked for until its answer; beyond this size only names, ids and short texts of it stay. */
const LIGHT_BYTES = 4_096
const SHORT_CHARACTERS = 1_024

/** Methods of MCP: lenient servers carry them out, and answer, without the `jsonrpc` member; leaving it away must not hide a call. */
const METHOD =
  /^(?:initialize|ping|(?:tools|resources|prompts|completion|logging|tasks|server|subscriptions|sampling|roots|elicitation|notifications)\/)/

function isMessage(value: unknown): value is RpcMessage {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
  const { jsonrpc, method, id, result } = value as RpcMessage & { readonly jsonrpc?: unknown }
  if (jsonrpc === '2.0' || (typeof method === 'string' && METHOD.test(method))) return true
  return (typeof id === 'string' || typeof id === 'number') && result !== null && typeof result === 'object'
}

/** undefined: not JSON, or nothing of JSON-RPC in it. Of a batch what is a message is one, whatever stands beside it. */
export function rpcMessagesOf(text: Buffer | string): readonly RpcMessage[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(typeof text === 'string' ? text : text.toString('utf8'))
  } catch {
    return undefined
  }
  if (isMessage(value)) return [value]
  if (!Array.isArray(value) || value.length > MAX_BATCH) return undefined
  const messages = value.filter(isMessage)
  return messages.length === 0 ? undefined : messages
}

/**
 * Drops the content of a large request that has been told: ten thousand of them may be open. The message is our own copy, and what
 * is read of it at the answer (name, cursor, task, URI, state) is short.
 */
export function lighten(message: RpcMessage, bytes: number): void {
  const { params } = message
  if (bytes <= LIGHT_BYTES || params === null || typeof params !== 'object') return
  const own = params as Record<string, unknown>
  for (const [name, value] of Object.entries(own)) {
    const isLong = typeof value === 'string' ? value.length > SHORT_CHARACTERS : typeof value === 'object'
    if (isLong) delete own[name]
  }
}
