/** The same proof of possession comes twice. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule, minutes, NEVER } from '../../rule.ts'
import { counted, example, exampleWith, graded, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'auth.dpop.checked'>>[1]
const proof = (at: number, fields: Fields = {}) =>
  sample('auth.dpop.checked', {
    ts: at,
    proofFp: 'p1',
    keyFp: 'k1',
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...fields,
  })
const refused = { decision: 'deny', principal: '', client: '' } as const
const WINDOW = minutes(10)

export default defineRule({
  id: 'tok-009-proof-replay',
  version: 1,
  title: 'Proof of possession used again',
  severity: { allowed: 'high', denied: 'low' },
  why: 'A proof is made for one request. One that comes again was overheard together with its token.',
  falsePositives: [
    'A retry after a nonce was asked for has a proof of its own; one that has not, after a refusal, is a careless client and low.',
    'A proxy that repeats a request when the server behind does not answer.',
  ],
  blindSpots: [
    'A replay to another server, or after ten minutes: the age of a proof is judged by tok-009-proof-fault.',
  ],
  triage: [
    'Did both come from one address, and were both the same call?',
    'Make the server remember proofs for as long as it accepts them (RFC 9449 section 11.1).',
  ],
  refs: ['MCP01:2025', 'T1550.001', 'RFC 9449'],
  requires: { 'auth.dpop.checked': ['proofFp', 'keyFp', 'principal', 'client'] },
  occasional: ['auth.dpop.checked'],
  config: z.object({
    withinMs: z.int().min(1).default(minutes(10)).describe('Time in which a proof is remembered, milliseconds.'),
  }),
  per: 'proof',
  about: 'grant',
  ttl: minutes(20),
  cell: () => ({ key: '', firstMs: NEVER, accepted: false as boolean }),
  on: {
    'auth.dpop.checked'(e, cell, { withinMs }) {
      const isFirst = e.ts - cell.firstMs >= withinMs
      // Identifiers of proofs are unique for a key, not among all of them.
      const isAgain = !isFirst && cell.key === e.keyFp
      const wasAccepted = cell.accepted
      if (isFirst) {
        cell.key = e.keyFp
        cell.firstMs = e.ts
        cell.accepted = false
      }
      if (!wasRefused(e)) cell.accepted = true
      if (!isAgain) return
      const severity = wasRefused(e) || !wasAccepted ? 'low' : 'high'
      return { severity, saw: `the same proof, ${e.ts - cell.firstMs} ms later`, expected: 'a proof for each request' }
    },
  },
  examples: {
    match: [
      counted(1, example('again, and ten minutes after the first', proof(1), proof(minutes(5)), proof(WINDOW + 1))),
      graded('high', example('accepted twice', proof(1), proof(2))),
      graded('high', example('in the last moment of ten minutes', proof(1), proof(WINDOW))),
      graded('low', example('refused the second time', proof(1), proof(2, refused))),
      graded('low', example('refused the first time', proof(1, refused), proof(2))),
      graded(
        'low',
        example('refused first, ten minutes after', proof(1), proof(WINDOW + 1, refused), proof(WINDOW + 2)),
      ),
      graded('high', example('accepted at the second and third', proof(1, refused), proof(2), proof(3))),
    ],
    noMatch: [
      example('once', proof(1)),
      example('a retry with the nonce', proof(1, refused), proof(2, { proofFp: 'p2' })),
      example('ten minutes later', proof(1), proof(WINDOW + 1)),
      example('the same number of another key', proof(1), proof(2, { keyFp: 'k2' })),
      example('a proof without a number', proof(1, { proofFp: '' }), proof(2, { proofFp: '' })),
      example('refused, and once more after ten minutes', proof(1), proof(WINDOW + 1, refused), proof(2 * WINDOW + 1)),
      exampleWith({ withinMs: 5 }, 'remembered for less', proof(1), proof(6)),
    ],
  },
})
