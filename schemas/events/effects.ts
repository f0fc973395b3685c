/** Events of what a server process does to the world while it answers: requests it makes, programs it starts, files it writes. */
import type { z } from 'zod'
import { count, flag, id, name, names, oneOf } from '../field.ts'

export const effects = {
  'outbound.request': {
    destinationHost: name('server', 'Registrable host name.'),
    pathClass: name('server', 'Class of the path: token, introspect, api, other.'),
    verb: name('server', 'HTTP verb.'),
    ipClass: oneOf(
      'server',
      ['loopback', 'private', 'link_local', 'public', 'unknown'],
      'Class of the address after DNS.',
    ),
    argumentMatch: flag('server', 'The host stands in the call’s arguments.'),
    redirectHosts: names('server', 'Hosts it was redirected to, in order.'),
    redirects: count('server', 'number', 'Redirects followed.'),
    credentialRelation: oneOf(
      'server',
      ['same_token', 'exchanged', 'service_identity', 'none', 'unknown'],
      'How the sent credential relates to the caller’s.',
    ),
    sentAud: names('server', 'Audiences of the sent token.'),
    status: count('server', 'HTTP status', 'Status of the answer.'),
    failure: name('server', 'Why there was no answer.'),
    bytesOut: count('server', 'bytes', 'Bytes sent.'),
    tlsIssuerHash: id('server', 'SHA-256 of the peer certificate’s issuer.'),
  },
  side_effect: {
    effectKind: oneOf('server', ['exec', 'file_write', 'file_delete', 'db_write', 'other'], 'What was done.'),
    effectClass: name(
      'server',
      'Class of the target: shell, interpreter, program; temp, home, secret, system, project.',
    ),
    programName: name('server', 'Base name of the program that was started.'),
    shell: flag('server', 'It was started through a shell.'),
    argumentMatch: flag('server', 'A text of the call’s arguments stands in the command or path.'),
    targetHash: id('server', 'Keyed hash of the path or command line.'),
    hits: count('server', 'number', 'How often, within one call.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
