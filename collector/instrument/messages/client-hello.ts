/** client.hello: what a client says of itself, in initialize or, since 2026-07-28, in the `_meta` of any request. */
import type { AuditContext } from '../audit-context.ts'
import { canonical } from '../keys/canonical.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { nameOf } from '../names.ts'
import type { Request } from './request.ts'

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
/** Characters of capabilities that are read; they come with every modern request. */
const MAX_CHARACTERS = 16_384
const MAX_NAMES = 64

/**
 * Of initialize always; of a modern request when this caller was not seen with this version, name and these capabilities before.
 * Nothing here is proof: `capabilities`, `extensions` and the name are the client's own words.
 */
export function tellHello(context: AuditContext, request: Request): void {
  const { params, method, era, common } = request
  const isModern = era === 'modern'
  const claimed = isModern ? params._meta?.[CAPABILITIES] : params.capabilities
  const text = textOf(claimed)
  if (isModern && method !== 'initialize') {
    const { correlationKey, protocolVersion, clientName, clientVersion } = common
    if (!context.hellos.add(`${correlationKey}\n${protocolVersion}\n${clientName}\n${clientVersion}\n${text}`)) return
  }
  const capabilities = claimed !== null && typeof claimed === 'object' ? (claimed as object) : {}
  const { extensions } = capabilities as { extensions?: unknown }
  context.emit(
    {
      eventType: 'client.hello',
      ...request.own,
      capabilities: keysOf(capabilities),
      capabilitiesHash: text === undefined ? undefined : sha256(text),
      extensions: keysOf(extensions),
      offeredVersion: isModern ? request.protocolVersion : nameOf(params.protocolVersion),
      flags: text === undefined ? ['content_bounded'] : undefined,
    },
    request.started,
    common,
  )
}

function textOf(claimed: unknown): string | undefined {
  if (claimed === undefined || claimed === null) return '{}'
  // Most clients claim nothing, and say so with every call.
  if (typeof claimed === 'object' && Object.keys(claimed).length === 0) return '{}'
  return canonical(claimed, MAX_CHARACTERS)
}

const keysOf = (value: unknown): string[] =>
  value === null || typeof value !== 'object'
    ? []
    : Object.keys(value)
        .slice(0, MAX_NAMES)
        .map((name) => nameOf(name)!)
        .sort()
