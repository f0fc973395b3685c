/** What the edge adds to http.request: facts of connection and head that no transport of MCP hands on. */
import { LIMITS } from '../../../schemas/field.ts'
import type { AuditContext } from '../audit-context.ts'
import { nameOf, wireNamesOf } from '../names.ts'
import type { Exchange } from './exchange.ts'
import { type Credentials, credentialsOf, userAgentFamilyOf } from './http-head.ts'

export const credentialsIn = ({ head, options, parsedBody }: Exchange): Credentials =>
  credentialsOf(head, parsedBody(), options.ticketParameters ?? [])

const MIRRORED = 'mcp-param-'

export function httpFieldsOf(exchange: Exchange, context: AuditContext): Record<string, unknown> {
  const { head } = exchange
  const { location, parameter, places } = credentialsIn(exchange)
  const certificate = head.certificate()
  const bytesIn = Number(head.header('content-length'))
  const mirrored = [...head.headerNames()].filter((name) => name.startsWith(MIRRORED))
  return {
    verb: nameOf(head.verb),
    origin: nameOf(head.header('origin')),
    host: nameOf(head.header('host')),
    credentialLocation: location,
    credentialPlaces: places.length > 1 ? places : undefined,
    credentialParameter: parameter,
    lastEventIdPresent: head.header('last-event-id') !== undefined,
    sessionHeaderPresent: head.header('mcp-session-id') !== undefined,
    clientCertificateFp: certificate === undefined ? undefined : context.hashes.tokens.hash(certificate),
    // An empty text would look like one that nobody filled.
    tlsVersion: head.tlsVersion === '' ? 'none' : head.tlsVersion,
    bindAddress: head.bindAddress?.(),
    forwardedProto: nameOf(head.header('x-forwarded-proto')),
    bytesIn: Number.isSafeInteger(bytesIn) && bytesIn >= 0 && bytesIn <= LIMITS.integer ? bytesIn : undefined,
    userAgentFamily: userAgentFamilyOf(head),
    mirroredParameters:
      mirrored.length > 0 ? wireNamesOf(mirrored.map((name) => name.slice(MIRRORED.length))) : undefined,
  }
}

/** What makes a request worth an http.request beside its row of calls: a page of a browser sent it, or its credential stands in a bad place. */
export function isRemarkable(exchange: Exchange): boolean {
  const { location, places } = credentialsIn(exchange)
  const isOdd = location === 'query' || location === 'body' || location === 'cookie' || places.length > 1
  return isOdd || exchange.head.header('origin') !== undefined
}
