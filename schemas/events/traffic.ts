/** Events of transport and sessions: requests, sessions, streams, notifications, outbound calls. */
import type { z } from 'zod'
import { count, flag, id, integer, measure, name, names, oneOf } from '../field.ts'

export const traffic = {
  'http.request': {
    verb: name('client', 'HTTP verb.'),
    status: count('server', 'HTTP status', 'Status of the answer; 0 where there is no HTTP.'),
    origin: name('client', 'Origin header.'),
    host: name('client', 'Host header.'),
    headerCheck: oneOf(
      'server',
      ['ok', 'mismatch', 'missing', 'not_checked'],
      'Whether mirrored headers agree with the body.',
    ),
    credentialLocation: oneOf('server', ['header', 'query', 'cookie', 'body', 'none'], 'Where the credential stood.'),
    lastEventIdPresent: flag('client', 'A Last-Event-ID header was sent.'),
    sessionHeaderPresent: flag('client', 'A session header was sent.'),
    processed: flag('server', 'The request reached a handler.'),
  },
  'session.created': {
    idLength: count('server', 'characters', 'Length of the session id.'),
    idAlphabet: name('server', 'Alphabet class of the id: hex, base64url, uuid, decimal, other.'),
    idBits: measure('server', 'bits', 'Estimated entropy of the id.'),
    idMonotonic: flag('server', 'Ids of this server rise monotonically.'),
    idUuidVersion: integer('server', 'version', 'UUID version, 0 when none.'),
  },
  'session.terminated': { reason: name('server', 'Why: deleted by the client, expired, server stopped.') },
  'stream.opened': {
    streamKind: oneOf('server', ['get', 'post', 'listen'], 'GET stream, POST stream, or subscriptions/listen.'),
    lastEventFp: id('server', 'Keyed hash of the Last-Event-ID.'),
    filter: names('client', 'What was subscribed to.'),
  },
  'stream.closed': {
    streamKind: oneOf('server', ['get', 'post', 'listen'], 'Kind of stream.'),
    early: flag('server', 'Closed before the server was done.'),
    messages: count('server', 'number', 'Messages sent on it.'),
  },
  'notification.sent': {
    notification: name('server', 'Notification method, such as notifications/tools/list_changed.'),
    subscriptionIdHash: id('server', 'Keyed hash of the subscription.'),
    causeRequestUid: id('server', 'Request that caused it.'),
    producerPrincipal: id('server', 'Principal whose request caused it.'),
  },
  'outbound.request': {
    destinationHost: name('server', 'Registrable host name.'),
    pathClass: name('server', 'Class of the path: token, introspect, api, other.'),
    verb: name('server', 'HTTP verb.'),
    ipClass: oneOf(
      'server',
      ['loopback', 'private', 'link_local', 'public', 'unknown'],
      'Class of the address after DNS.',
    ),
    redirects: count('server', 'number', 'Redirects followed.'),
    credentialRelation: oneOf(
      'server',
      ['same_token', 'exchanged', 'service_identity', 'none', 'unknown'],
      'How the sent credential relates to the caller’s.',
    ),
    sentAud: names('server', 'Audiences of the sent token.'),
    status: count('server', 'HTTP status', 'Status of the answer.'),
    bytesOut: count('server', 'bytes', 'Bytes sent.'),
    tlsIssuerHash: id('server', 'SHA-256 of the peer certificate’s issuer.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
