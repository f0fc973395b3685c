/** Events of transport and sessions: requests, sessions, streams, notifications. */
import type { z } from 'zod'
import { count, flag, id, name, names, oneOf } from '../field.ts'
import { identifier } from './identifier.ts'

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
    refusal: oneOf(
      'server',
      [
        'origin',
        'host',
        'authorization',
        'scope',
        'protocol_version',
        'header_mismatch',
        'session',
        'method',
        'size',
        'other',
      ],
      'What was refused before a handler ran.',
    ),
    headerMismatches: names('server', 'Mirrored headers that do not agree with the body, by name.'),
    mirroredParameters: names('server', 'Parameters that the request carries in headers.'),
    credentialPlaces: names(
      'server',
      'Every place that held a credential, when there were several: header names, query, body, cookie.',
    ),
    credentialParameter: name('server', 'Name of the query parameter the credential stood in.'),
    clientCertificateFp: id('server', 'Keyed hash of the client certificate’s thumbprint.'),
    tlsVersion: name('server', 'TLS version of the connection; none for plain HTTP.'),
    bindAddress: name('server', 'Address and port that the listener is bound to.'),
    forwardedProto: name('gateway', 'X-Forwarded-Proto as it came.'),
    bytesIn: count('server', 'bytes', 'Size of the request body.'),
    userAgentFamily: name('client', 'Family of the User-Agent, without version.'),
  },
  'session.created': { ...identifier },
  'session.terminated': { reason: name('server', 'Why: deleted by the client, expired, server stopped.') },
  'stream.opened': {
    streamKind: oneOf('server', ['get', 'post', 'listen'], 'GET stream, POST stream, or subscriptions/listen.'),
    lastEventFp: id('server', 'Keyed hash of the Last-Event-ID.'),
    filter: names('client', 'What was subscribed to.'),
  },
  'stream.closed': {
    streamKind: oneOf('server', ['get', 'post', 'listen'], 'Kind of stream.'),
    closedBy: oneOf('server', ['client', 'server', 'unknown'], 'Who ended it.'),
    early: flag('server', 'Closed before the server was done.'),
    messages: count('server', 'number', 'Messages sent on it.'),
  },
  'notification.sent': {
    notification: name('server', 'Notification method, such as notifications/tools/list_changed.'),
    subscriptionIdHash: id('server', 'Keyed hash of the subscription.'),
    causeRequestUid: id('server', 'Request that caused it.'),
    producerPrincipal: id('server', 'Principal whose request caused it.'),
  },
  'queue.enqueued': {
    queueKind: name('server', 'What was put into the queue: notification, request.'),
    notification: name('server', 'Method of the notification or request that was put there.'),
    subscriptionIdHash: id('server', 'Keyed hash of the subscription.'),
    targetSessionFp: id('server', 'Keyed hash of the session it is meant for.'),
    causeRequestUid: id('server', 'Request that caused it.'),
    producerPrincipal: id('server', 'Principal whose request caused it; empty for the system itself.'),
    broadcast: flag('server', 'It goes to everyone.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
