/** A token that is bound to a key is accepted without a proof of that key. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, graded, sample } from '../../sample.ts'
import { gradeOfAccepted } from '../../token/acceptance.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const token = (fields: Fields) =>
  sample('auth.token.validated', {
    cnfKind: 'jkt',
    scheme: 'dpop',
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    flags: [],
    ...fields,
  })

export default defineRule({
  id: 'tok-009-bound-token-misused',
  version: 1,
  title: 'Bound token accepted without its key',
  severity: { allowed: 'high', denied: 'low' },
  why: 'A token is bound to a key so that a thief cannot use it; a server that does not ask for the proof gives that away.',
  falsePositives: [
    'A certificate-bound token (`x5t`) comes as a bearer token by design: it is judged only where the certificate is known.',
    'A proof of the right key with the scheme of plain bearer tokens is a fault of the client, not a downgrade.',
  ],
  blindSpots: [
    'Opaque bound tokens without introspection.',
    'TLS that somebody else ends: the certificate is not here to be compared.',
    'Servers without an edge: whether a proof came is not known.',
  ],
  triage: [
    'Did the same token come with a proof before, and from where?',
    'Make the server refuse a bound token without its proof (RFC 9449 section 7.1), and revoke this one.',
  ],
  refs: ['MCP01:2025', 'T1550.001', 'RFC 9449', 'RFC 8705'],
  per: 'grant',
  requires: { 'auth.token.validated': ['cnfKind', 'scheme', 'boundKeyMatch', 'principal', 'client', 'flags'] },
  occasional: ['boundKeyMatch', 'flags'],
  config: z.object({}),
  check: {
    'auth.token.validated'(e) {
      if (e.cnfKind !== 'jkt' && e.cnfKind !== 'x5t') return
      const isOtherKey = e.says('boundKeyMatch') && !e.boundKeyMatch
      const isBare = e.cnfKind === 'jkt' && e.scheme === 'bearer' && !e.boundKeyMatch
      if ((!isOtherKey && !isBare) || e.decision === 'error') return
      return {
        severity: gradeOfAccepted(e, 'high') ?? 'low',
        saw: isBare ? 'a bound token sent as a plain bearer token' : 'a bound token with another key',
        expected: e.cnfKind === 'jkt' ? 'a proof of the key it is bound to' : 'the certificate it is bound to',
        evidence: { scheme: e.scheme },
      }
    },
  },
  examples: {
    match: [
      graded('high', example('sent as a bearer token, and accepted', token({ scheme: 'bearer' }))),
      graded('high', example('with the proof of another key', token({ boundKeyMatch: false }))),
      graded('high', example('another certificate', token({ cnfKind: 'x5t', scheme: 'bearer', boundKeyMatch: false }))),
      graded('medium', example('behind a proxy', token({ scheme: 'bearer', flags: ['claims_unverified'] }))),
      graded('low', example('refused', token({ scheme: 'bearer', decision: 'deny', principal: '', client: '' }))),
    ],
    noMatch: [
      example('with its proof', token({ boundKeyMatch: true })),
      example('whether a proof came is not known', token({})),
      example('its proof, beside the bearer scheme', token({ scheme: 'bearer', boundKeyMatch: true })),
      example('how it came is not known', token({ scheme: '' })),
      example('certificate-bound, behind a proxy that ends TLS', token({ cnfKind: 'x5t', scheme: 'bearer' })),
      example('not bound', token({ cnfKind: 'none', scheme: 'bearer', boundKeyMatch: false })),
      example('the verifier broke down', token({ scheme: 'bearer', decision: 'error' })),
    ],
  },
})
