/** Tokens for one other service are refused again and again: a client that is set up for the wrong server. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { isWrongAudience, noRefusals, noteRefusal } from '../../token/wrong-audience.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const refused = (at: number, aud: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    sourceAddress: 'home',
    aud: [aud],
    resource: [],
    expectedAud: ['https://mcp.example.com'],
    decision: 'deny',
    ...more,
  })
const tries = (audiences: string, more: Fields = {}) => [...audiences].map((aud, i) => refused(1 + i, aud, more))

export default defineRule({
  id: 'tok-002-misconfigured-client',
  version: 1,
  title: 'Client sends tokens of another service',
  severity: 'info',
  why: 'The client asks its authorization server for the wrong resource, so that its tokens reach a server they are not for.',
  falsePositives: ['A thief with tokens of a single service looks the same: they are refused, and tok-001 tells each.'],
  blindSpots: ['Opaque tokens, servers that do not say their audiences, and requests whose address no edge tells.'],
  triage: ['Which client is it? Let it send the resource parameter of this server (RFC 8707).'],
  refs: ['MCP07:2025', 'RFC 8707'],
  requires: { 'auth.token.validated': ['aud', 'resource', 'expectedAud', 'sourceAddress'] },
  occasional: ['resource'],
  config: z.object({
    audiences: z
      .record(z.string(), z.array(z.string()))
      .default({})
      .describe('Audiences of a server by its id, beside those it says itself.'),
    refusals: z.int().min(2).max(64).default(5).describe('Refusals that are more than an accident.'),
    withinMs: z.int().min(1).default(minutes(10)).describe('Time in which they come, milliseconds.'),
  }),
  per: 'address',
  ttl: days(1),
  // The client goes on until somebody mends it: once a day is enough.
  cooldown: days(1),
  cell: noRefusals,
  where: wasRefused,
  on: {
    'auth.token.validated'(e, cell, config) {
      if (!isWrongAudience(e, config)) return
      const audiences = noteRefusal(e, cell, config)
      if (audiences.length !== 1) return
      return {
        saw: `${config.refusals} tokens refused that were made for ${audiences[0]}`,
        expected: 'tokens for this server',
      }
    },
  },
  examples: {
    match: [
      example('forty refusals, one audience', ...tries('a'.repeat(40))),
      example('five', ...tries('aaaaa')),
      example('five in the last moment of ten minutes', ...tries('aaaa'), refused(minutes(10), 'a')),
      example('named as a resource', ...tries('aaaaa', { aud: [], resource: ['a'] })),
    ],
    noMatch: [
      example('several services are a probe', ...tries('ababa')),
      example('four', ...tries('aaaa')),
      example('in more than ten minutes', ...tries('aaaa'), refused(minutes(10) + 1, 'a')),
      example('from two addresses', ...tries('aaa'), ...tries('aaa', { sourceAddress: 'office' })),
      example('ours', ...tries('aaaaa', { expectedAud: ['a'] })),
      exampleWith({ refusals: 6 }, 'five where six are asked for', ...tries('aaaaa')),
      exampleWith({ withinMs: 3 }, 'not in so short a time', ...tries('aaaaa')),
      exampleWith({ audiences: { 'mcp.example.com': ['a'] } }, 'another name of this server', ...tries('aaaaa')),
    ],
  },
})
