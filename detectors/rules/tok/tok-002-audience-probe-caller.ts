/** The same as tok-002-audience-probe where no edge tells the source address, but the server says who was refused. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { isWrongAudience, noRefusals, noteRefusal } from '../../token/wrong-audience.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const refused = (at: number, aud: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    principal: 'alice',
    aud: [aud],
    resource: [],
    expectedAud: ['https://mcp.example.com'],
    decision: 'deny',
    ...more,
  })
const tries = (audiences: string, more: Fields = {}) => [...audiences].map((aud, i) => refused(1 + i, aud, more))

export default defineRule({
  id: 'tok-002-audience-probe-caller',
  version: 1,
  title: 'Tokens of several services are tried by one principal',
  severity: 'medium',
  why: 'Tokens of one person for several services that all end up here were collected somewhere; the person has no reason to send them.',
  falsePositives: ['A client that takes the first token it finds in a shared cache.'],
  blindSpots: [
    'Most servers do not say who was refused: the claims of a refused token are not verified.',
    'Opaque tokens, and servers that do not say their audiences.',
  ],
  triage: ['Where do the tokens of this person come from?', 'Revoke the tokens of all services that were named.'],
  refs: ['MCP07:2025', 'T1550.001'],
  requires: { 'auth.token.validated': ['principal', 'sourceAddress', 'aud', 'resource', 'expectedAud'] },
  occasional: ['resource', 'sourceAddress'],
  config: z.object({
    audiences: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Audiences of a server by its id, beside those it says itself.'),
    refusals: z.int().min(2).max(64).default(5).describe('Refused tokens for other services that are a burst.'),
    services: z.int().min(2).max(16).default(2).describe('Other services they must be for.'),
    withinMs: z.int().min(1).default(minutes(10)).describe('Time in which they come, milliseconds.'),
  }),
  per: 'caller',
  ttl: hours(1),
  cell: noRefusals,
  where: (e) => e.sourceAddress === '' && wasRefused(e),
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
      example('five refusals, two services', ...tries('abaaa')),
      example(
        'the second service is named as a resource',
        ...tries('aaaa'),
        refused(5, 'b', { aud: [], resource: ['b'] }),
      ),
      example('the fifth in the last moment of ten minutes', ...tries('abaa'), refused(minutes(10), 'a')),
    ],
    noMatch: [
      example('one service', ...tries('aaaaaaa')),
      example('four refusals', ...tries('abab')),
      example('after ten minutes', ...tries('abaa'), refused(minutes(10) + 1, 'a')),
      example('the address is known: it is the key then', ...tries('ababa', { sourceAddress: 'home' })),
      example('of two people', ...tries('aba'), ...tries('aba', { principal: 'bob' })),
      example('accepted', ...tries('abaaa', { decision: 'allow' })),
      example('ours', ...tries('abaaa', { expectedAud: ['a', 'b'] })),
      exampleWith({ services: 3 }, 'two services where three are asked for', ...tries('ababa')),
      exampleWith({ refusals: 6 }, 'five where six are asked for', ...tries('ababa')),
      exampleWith({ withinMs: 3 }, 'not in so short a time', ...tries('ababa')),
      exampleWith({ audiences: { 'mcp.example.com': ['b'] } }, 'another name of this server', ...tries('ababa')),
    ],
  },
})
