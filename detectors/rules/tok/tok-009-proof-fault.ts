/** A proof of possession that does not hold for its request is accepted. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { noProofs, noteProof, proofFaults } from '../../token/proofs.ts'

type Fields = Parameters<typeof sample<'auth.dpop.checked'>>[1]
const good = { methodOk: true, urlOk: true, tokenHashOk: true, signatureOk: true, boundKeyMatch: true }
const proof = (fields: Fields = {}) =>
  sample('auth.dpop.checked', {
    ...good,
    issuedSkewMs: 10,
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...fields,
  })
const unsaid = { urlOk: undefined as never }
const many = (n: number, fields: Fields = {}) => Array<ReturnType<typeof proof>>(n).fill(proof(fields))

export default defineRule({
  id: 'tok-009-proof-fault',
  version: 1,
  title: 'Faulty proof of possession accepted',
  severity: { allowed: 'high', denied: 'low' },
  why: 'A proof is worth as much as what is checked of it: one for another request, key or token can be an overheard one.',
  falsePositives: [
    'A proxy that rewrites the host makes the URL of nearly every proof wrong: from twenty proofs on, 95 % of them, that is a fault of the configuration and low. So it is before twenty proofs were seen.',
    'Clocks that disagree by less than five minutes.',
  ],
  blindSpots: ['Servers without an edge. A proof that is told nothing about is not judged.'],
  triage: [
    'Which of its statements did not hold, and for which token?',
    'Does the server check all of them (RFC 9449 section 4.3)? A refused proof is its answer; an accepted one is a hole.',
  ],
  refs: ['MCP01:2025', 'T1550.001', 'RFC 9449'],
  requires: {
    'auth.dpop.checked': [
      'methodOk',
      'urlOk',
      'tokenHashOk',
      'signatureOk',
      'boundKeyMatch',
      'issuedSkewMs',
      'principal',
      'client',
    ],
  },
  occasional: ['auth.dpop.checked', 'boundKeyMatch', 'issuedSkewMs'],
  config: z.object({
    skewMs: z.int().min(0).default(300_000).describe('How old, or ahead of time, a proof may be, milliseconds.'),
    rewritten: z
      .number()
      .min(0)
      .max(1)
      .default(0.95)
      .describe('Share of wrong URLs that shows a proxy, not an attack.'),
    proofs: z.int().min(1).default(20).describe('Proofs of a server before a wrong URL is judged.'),
  }),
  per: 'server',
  about: 'grant',
  ttl: days(7),
  cell: noProofs,
  on: {
    'auth.dpop.checked'(e, cell, config) {
      const faults = proofFaults(e, config.skewMs)
      const isConfiguration = noteProof(e, cell, config)
      if (faults.length === 0 || e.decision === 'error') return
      const isUrlAlone = faults.length === 1 && faults[0] === 'url'
      const severity = wasRefused(e) || (isUrlAlone && isConfiguration) ? 'low' : 'high'
      const saw = `a proof with a wrong ${faults.join(' and ')}`
      return {
        severity,
        saw,
        expected: 'a proof for this request, token and key',
        evidence: { faults, skewMs: e.issuedSkewMs },
      }
    },
  },
  examples: {
    match: [
      graded('high', example('of another key than the token’s', proof({ boundKeyMatch: false }))),
      graded('high', example('for another token', proof({ tokenHashOk: false }))),
      graded('high', example('for another method', proof({ methodOk: false }))),
      graded('high', example('not signed by its key', proof({ signatureOk: false }))),
      graded('high', example('too old', proof({ issuedSkewMs: 300_001 }))),
      graded('high', example('ahead of time', proof({ issuedSkewMs: -300_001 }))),
      graded(
        'high',
        example(
          'for another URL, where others are right',
          ...many(18),
          proof({ urlOk: false }),
          proof({ urlOk: false }),
        ),
      ),
      graded('high', example('a wrong URL and token', proof({ urlOk: false, tokenHashOk: false }))),
      graded('high', example('of others nothing is said', ...many(19, unsaid), proof({ urlOk: false }))),
      graded('low', example('nineteen were seen', ...many(18), proof({ urlOk: false }))),
      graded('low', example('a proxy rewrites the host', proof(), ...many(19, { urlOk: false }))),
      graded('high', example('most URLs are wrong, but not all', proof(), proof(), ...many(18, { urlOk: false }))),
      graded('high', example('a wrong URL and a wrong method', proof({ urlOk: false, methodOk: false }))),
      graded('low', example('refused', proof({ boundKeyMatch: false, decision: 'deny', principal: '', client: '' }))),
      graded('high', exampleWith({ proofs: 1 }, 'judged at once', proof({}), proof({ urlOk: false }))),
      graded(
        'high',
        exampleWith(
          { proofs: 2 },
          'the proxy is mended',
          ...many(20, { urlOk: false }),
          proof(),
          proof({ urlOk: false }),
        ),
      ),
      graded(
        'low',
        exampleWith(
          { proofs: 2 },
          'it was a moment ago',
          ...many(19, { urlOk: false }),
          proof(),
          proof({ urlOk: false }),
        ),
      ),
      exampleWith({ skewMs: 0 }, 'to the millisecond', proof({ issuedSkewMs: 1 })),
    ],
    noMatch: [
      example('all holds', proof()),
      example('nothing is said', sample('auth.dpop.checked', { decision: 'allow', principal: 'bob' })),
      example('where the skew ends', proof({ issuedSkewMs: 300_000 }), proof({ issuedSkewMs: -300_000 })),
      example('the verifier broke down', proof({ methodOk: false, decision: 'error' })),
    ],
  },
})
