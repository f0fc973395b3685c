/** A token that nobody with a right to it can have made, or that is no access token at all, was accepted. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'
import { shortName } from '../../short-name.ts'
import { gradeOfAccepted } from '../../token/acceptance.ts'
import { forgeryOf, isAlgorithmConfused, noSigning, noteSigning } from '../../token/token-class.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const token = (fields: Fields) =>
  sample('auth.token.validated', {
    iss: 'https://idp.example.com',
    joseAlg: 'RS256',
    joseTyp: 'JWT',
    tokenType: 'access',
    client: 'ide',
    principal: 'alice',
    decision: 'allow',
    flags: [],
    ...fields,
  })
const other = { iss: 'https://other.example' }
const hs = token({ joseAlg: 'HS256' })
const many = (joseAlg: string, n: number) =>
  [...Array(n).keys()].map((i) => token({ joseAlg, iss: `https://i${i}.example` }))

export default defineRule({
  id: 'tok-005-forged-token',
  version: 1,
  title: 'Forged token, or a token of another class, accepted',
  severity: 'critical',
  why: 'A server that takes such a token lets everybody in who can write JSON, or who holds any token of its users.',
  falsePositives: [
    'A key that was rolled over: a verifier that fetched the new keys and then accepted the token says that the signature holds.',
    'Platforms that send ID tokens to the services behind them: list the class as accepted.',
    'The type `at+jwt` is not asked for: Entra writes `JWT`. An issuer that moves from a shared secret to keys is not judged.',
  ],
  blindSpots: [
    'Verifiers that do not say whether key and signature are good: then algorithm and class alone are judged.',
    'Opaque tokens. What is refused: see tok-005-forged-token-burst.',
    'An issuer whose first token seen here was the forged one.',
  ],
  triage: [
    'What was called with it? Treat all of it as unauthorized.',
    'Let the verifier take a fixed list of algorithms and of issuers, and the class of access tokens alone.',
  ],
  refs: ['MCP07:2025', 'T1606', 'RFC 8725'],
  requires: {
    'auth.token.validated': [
      'joseAlg',
      'joseTyp',
      'tokenType',
      'keyKnown',
      'signatureOk',
      'iss',
      'client',
      'principal',
      'flags',
    ],
  },
  occasional: ['keyKnown', 'signatureOk', 'flags'],
  config: z.object({
    acceptTypes: z
      .array(z.enum(['id', 'refresh', 'id_jag']))
      .default([])
      .describe('Classes of tokens that are taken for access tokens on purpose.'),
  }),
  per: 'server',
  about: 'grant',
  ttl: days(30),
  cell: noSigning,
  on: {
    'auth.token.validated'(e, cell, { acceptTypes }) {
      const severity = gradeOfAccepted(e, 'critical')
      if (severity === undefined) return
      const issuer = shortName(e.iss)
      const isConfused = isAlgorithmConfused(e.joseAlg, issuer, cell)
      const what = forgeryOf(e, acceptTypes)?.what
      if (what === undefined && !isConfused) return noteSigning(e.joseAlg, issuer, cell)
      return {
        severity,
        saw: `${what ?? `a token signed with a shared secret (${e.joseAlg})`} was accepted`,
        expected: isConfused ? 'the algorithms the issuer has used so far' : 'a signed access token',
        evidence: { issuer: e.iss, algorithm: e.joseAlg, type: e.joseTyp },
      }
    },
  },
  examples: {
    match: [
      graded('critical', example('alg none', token({ joseAlg: 'None', client: '', principal: '' }))),
      graded('medium', example('answered behind a proxy', token({ joseAlg: 'none', flags: ['claims_unverified'] }))),
      example('the signature does not verify', token({ signatureOk: false, keyKnown: true })),
      example('an unknown key', token({ keyKnown: false })),
      example('an ID token', token({ tokenType: 'id' })),
      example('a refresh token', token({ tokenType: 'refresh' })),
      example('an assertion', token({ tokenType: 'id_jag', joseTyp: 'oauth-id-jag+jwt' })),
      example('a proof', token({ tokenType: 'unknown', joseTyp: 'application/DPoP+JWT' })),
      example('a logout token', token({ joseTyp: 'logout+jwt', tokenType: '' })),
      example('the public key as a secret', token({}), hs),
      example(
        'after many of another issuer',
        ...Array(16).fill(token({})),
        token(other),
        token({ ...other, joseAlg: 'HS256' }),
      ),
      example('the same twice', token({ joseAlg: 'ES256' }), hs, hs),
      exampleWith({ acceptTypes: ['id'] }, 'another class', token({ tokenType: 'refresh' })),
      exampleWith(
        { acceptTypes: ['id'] },
        'alg none, of an accepted class',
        token({ tokenType: 'id', joseAlg: 'none' }),
      ),
      example('the sixteenth issuer', ...many('RS256', 16), token({ joseAlg: 'HS512', iss: 'https://i15.example' })),
    ],
    noMatch: [
      example('signed with a key, and with it again', token({}), token({})),
      example('its key is known', token({ keyKnown: true })),
      example('an unknown key at first, then the new keys are there', token({ keyKnown: false, signatureOk: true })),
      example('all is well', token({ keyKnown: true, signatureOk: true, joseTyp: 'at+jwt' })),
      example('refused', token({ joseAlg: 'none', decision: 'deny' })),
      example('the class is not known', token({ tokenType: 'unknown' })),
      exampleWith({ acceptTypes: ['id'] }, 'ID tokens are accepted here', token({ tokenType: 'id' })),
      example('an issuer that uses a secret', hs, hs),
      example('one that moves to keys', hs, token({}), hs),
      example('another issuer uses keys', token({}), token({ joseAlg: 'HS256', iss: 'https://b.example' })),
      example('no issuer', token({ iss: '' }), token({ iss: '', joseAlg: 'HS256' })),
      example('an unknown algorithm', token({ joseAlg: 'A' }), hs),
      example('the seventeenth issuer', ...many('RS256', 17), token({ joseAlg: 'HS512', iss: 'https://i16.example' })),
      example('a refused one teaches nothing', token({ decision: 'deny' }), hs),
    ],
  },
})
