/** Somebody tries one token after another that was made for other services. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { isWrongAudience, noRefusals, noteRefusal } from '../../token/wrong-audience.ts'

const OURS = 'https://mcp.example.com'
type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const refused = (at: number, aud: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    sourceAddress: 'home',
    aud: aud === '' ? [] : [aud],
    resource: [],
    expectedAud: [OURS],
    decision: 'deny',
    ...more,
  })
const five = (last: number, audiences = ['a', 'b', 'a', 'a', 'a'], more: Fields = {}) =>
  audiences.map((aud, i) => refused(i === 4 ? last : 1 + i, aud, more))
const WINDOW = minutes(10)

export default defineRule({
  id: 'tok-002-audience-probe',
  version: 1,
  title: 'Tokens of several services are tried',
  severity: 'medium',
  why: 'Who holds a bundle of stolen tokens tries where each of them works; a client of ours has one audience.',
  falsePositives: [
    'A client that is configured for the wrong service repeats one audience: see tok-002-misconfigured-client.',
    'Several such clients behind one address translation or gateway.',
  ],
  blindSpots: [
    'Opaque tokens, and servers that do not say their audiences.',
    'A prober who changes addresses; where no edge tells the address see tok-002-audience-probe-caller.',
    'What a verifier refuses is not verified: audiences and issuer are the words of the sender.',
  ],
  triage: [
    'Whose tokens were they: ask the issuers named in them.',
    'Was a token of the same address accepted, here or at another server?',
    'Block the address when nobody knows it, and have the tokens revoked.',
  ],
  refs: ['MCP07:2025', 'T1550.001'],
  requires: { 'auth.token.validated': ['aud', 'resource', 'expectedAud', 'sourceAddress'] },
  occasional: ['resource'],
  config: z.object({
    audiences: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Audiences of a server by its id, beside those it says itself.'),
    refusals: z.int().min(2).max(64).default(5).describe('Refused tokens for other services that are a burst.'),
    services: z.int().min(2).max(16).default(2).describe('Other services they must be for.'),
    withinMs: z.int().min(1).default(minutes(10)).describe('Time in which they come, milliseconds.'),
  }),
  per: 'address',
  ttl: hours(1),
  cell: noRefusals,
  where: wasRefused,
  on: {
    'auth.token.validated'(e, cell, config) {
      if (!isWrongAudience(e, config)) return
      const audiences = noteRefusal(e, cell, config)
      if (audiences.length < config.services) return
      return {
        saw: `${config.refusals} tokens refused that were made for ${audiences.length} other services`,
        expected: 'tokens for this server',
        evidence: { audiences, observed: config.refusals, windowMs: config.withinMs },
      }
    },
  },
  examples: {
    match: [
      example('six refusals, three services', ...['a', 'b', 'c', 'a', 'b', 'c'].map((aud, i) => refused(1 + i, aud))),
      example('five refusals, two services', ...five(5)),
      example('the fifth in the last moment of ten minutes', ...five(WINDOW)),
      example('the second service is named as a resource', ...five(5, ['a', '', 'a', 'a', 'a'], { resource: ['b'] })),
      example('late ones find their place', ...five(5).reverse()),
      exampleWith({ refusals: 3 }, 'three where three are enough', ...five(5).slice(0, 3)),
      exampleWith({ services: 3 }, 'three services', ...five(5, ['a', 'b', 'c', 'a', 'a'])),
      exampleWith({ withinMs: 50 }, 'in a shorter time', ...five(50)),
    ],
    noMatch: [
      example('forty refusals of one client, one audience', ...[...Array(40).keys()].map((i) => refused(1 + i, 'a'))),
      example('four refusals', ...five(5).slice(0, 4)),
      example('the fifth comes after ten minutes', ...five(WINDOW + 1)),
      example(
        'the other service was ten minutes ago',
        refused(5, 'b'),
        ...[2, 3, 4, 5, 5].map((i) => refused(WINDOW + i, 'a')),
      ),
      example('accepted', ...five(5, undefined, { decision: 'allow' })),
      example('one of the audiences is ours', ...five(5, undefined, { expectedAud: ['a', 'b'] })),
      example('the server does not say its audiences', ...five(5, undefined, { expectedAud: [] })),
      example('no audience at all', ...five(5, ['', 'b', 'b', 'b', 'b'])),
      example('from five addresses', ...[1, 2, 3, 4, 5].map((i) => refused(i, `s${i}`, { sourceAddress: `a${i}` }))),
      exampleWith(
        { audiences: { 'mcp.example.com': ['b', 'c'] } },
        'other names of this server',
        ...five(5, ['a', 'b', 'c', 'a', 'a']),
      ),
      exampleWith({ services: 3 }, 'two services where three are asked for', ...five(5)),
      exampleWith({ withinMs: 50 }, 'not in so short a time', ...five(51)),
    ],
  },
})
