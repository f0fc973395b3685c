/** FastMCP (Python): spans by the conventions, with an identity that is not what its name says. */

import { named } from './attributes.ts'
import { methodOf, observe } from './conventions.ts'
import type { TelemetrySource } from './source.ts'

/** FastMCP writes the OAuth client id of the validated token here (else azp, else sub); the conventions mean the user. */
const CLIENT_ID = 'enduser.id'

export const fastmcp: TelemetrySource = {
  name: 'fastmcp',
  title: 'FastMCP (Python)',
  vantage: 'server',
  ways: ['spans'],
  basis: 'recorded',
  lacks: ['no_principal', 'no_denials', 'no_content'],
  note: 'enduser.id is the OAuth client, not a person; a 401 gives no span; sessions count in the legacy era only.',
  recognises: ({ scope }) => scope.name === 'fastmcp' || scope.name.startsWith('fastmcp.'),
  readOtlp(record) {
    const method = methodOf(record.attributes)
    if (method === '') return undefined
    return observe(record, method, {
      lacks: fastmcp.lacks,
      facts: { clientKey: named(record.attributes, CLIENT_ID) },
    })
  },
}
