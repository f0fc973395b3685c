/** Somebody tries one forged token after another, and is refused. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { keepNewest } from '../../newest.ts'
import { defineRule, hours, minutes, NEVER, seconds } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { forgeryOf } from '../../token/token-class.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const token = (at: number, fields: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    sourceAddress: 'home',
    joseAlg: 'RS256',
    joseTyp: 'JWT',
    tokenType: 'access',
    signatureOk: false,
    decision: 'deny',
    ...fields,
  })
const times = (ats: readonly number[], fields: Fields = {}) => ats.map((at) => token(at, fields))
const WINDOW = minutes(10)
/** The verifier did not come to the signature: it had no key. */
const unknownKey = (at: number) => {
  const { signatureOk: _, ...fields } = token(at, { keyKnown: false }).fields
  return sample('auth.token.validated', fields)
}

export default defineRule({
  id: 'tok-005-forged-token-burst',
  version: 1,
  title: 'Forged tokens are tried',
  severity: 'medium',
  why: 'Tokens without signature, with a wrong one, or of another class come from somebody who looks for a verifier that forgets to check.',
  falsePositives: [
    'Right after a rollover of keys new tokens have unknown keys: those of the first minute after the first one are not counted.',
    'A client that sends its ID token: it is refused again and again, and should be told.',
  ],
  blindSpots: [
    'Verifiers that do not say why they refuse.',
    'Sources that change, and servers without an edge that tells the address.',
  ],
  triage: [
    'Was any token of this address accepted? See tok-005-forged-token.',
    'Which issuers and subjects do the tokens name? They are what somebody wants to be.',
  ],
  refs: ['MCP07:2025', 'T1606', 'T1110'],
  requires: {
    'auth.token.validated': ['sourceAddress', 'joseAlg', 'joseTyp', 'tokenType', 'keyKnown', 'signatureOk'],
  },
  occasional: ['keyKnown', 'signatureOk'],
  config: z.object({
    refusals: z.int().min(1).max(64).default(5).describe('Forged tokens that are a burst.'),
    withinMs: z.int().min(1).default(minutes(10)).describe('Time in which they come, milliseconds.'),
    rolloverMs: z.int().min(0).default(seconds(60)).describe('Time to fetch new keys, milliseconds.'),
  }),
  per: 'address',
  ttl: hours(1),
  cell: () => ({ atMs: [] as number[], unknownMs: NEVER }),
  where: wasRefused,
  on: {
    'auth.token.validated'(e, cell, { refusals, withinMs, rolloverMs }) {
      const { kind, what } = forgeryOf(e, []) ?? {}
      if (kind === undefined) return
      if (kind === 'unknown_key') {
        if (cell.unknownMs === NEVER) cell.unknownMs = e.ts
        if (e.ts - cell.unknownMs < rolloverMs) return
      }
      cell.atMs.push(e.ts)
      cell.atMs.sort((a, b) => a - b)
      keepNewest(refusals, cell.atMs)
      if (cell.atMs.length < refusals || cell.atMs.at(-1)! - cell.atMs[0]! >= withinMs) return
      cell.atMs = []
      return {
        saw: `${refusals} forged tokens refused, last ${what}`,
        expected: 'tokens of a trusted issuer',
        evidence: { observed: refusals, windowMs: withinMs },
      }
    },
  },
  examples: {
    match: [
      example('five wrong signatures', ...times([1, 2, 3, 4, 5])),
      example('the fifth in the last moment', ...times([1, 2, 3, 4, WINDOW])),
      example('late ones find their place', ...times([5, 4, 3, WINDOW, 2])),
      example(
        'in several ways',
        token(1, { joseAlg: 'none' }),
        token(2, { tokenType: 'id', signatureOk: true }),
        token(3, { joseTyp: 'dpop+jwt', tokenType: 'unknown', signatureOk: true, keyKnown: true }),
        ...times([4, 5]),
      ),
      example('unknown keys after a minute', ...[1, ...[1, 2, 3, 4, 5].map((i) => seconds(60) + i)].map(unknownKey)),
    ],
    noMatch: [
      example('four', ...times([1, 2, 3, 4])),
      example('in ten minutes', ...times([1, 2, 3, 4, WINDOW + 1])),
      example('accepted ones are another matter', ...times([1, 2, 3, 4, 5], { decision: 'allow' })),
      example('refused for another reason', ...times([1, 2, 3, 4, 5], { signatureOk: true })),
      example('from two addresses', ...times([1, 2, 3]), ...times([4, 5, 6], { sourceAddress: 'office' })),
      example('keys were rolled over', ...[1, 2, 3, 4, 5, 6, 7, 8].map(unknownKey)),
      example(
        'the fifth comes after the minute',
        ...[1, 2, 3, 4, 5, ...[1, 2, 3, 4].map((i) => seconds(60) + i)].map(unknownKey),
      ),
      example('the minute is not over', ...[1, ...[0, 1, 2, 3, 4].map((i) => seconds(60) + i)].map(unknownKey)),
      exampleWith({ refusals: 6 }, 'five where six are asked for', ...times([1, 2, 3, 4, 5])),
    ],
  },
})
