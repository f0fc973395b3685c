/** The surroundings of a session or handle change in several ways at once. */
import { z } from 'zod'
import { days, defineRule, minutes, seconds } from '../../rule.ts'
import { judgeShift, noSurroundings, requestFactors } from '../../sessions/context-shift.ts'
import { match, noMatch } from './examples/ses-008-context-shift.ts'

const common = ['principal', 'sourceAddress'] as const

export default defineRule({
  id: 'ses-008-context-shift',
  version: 1,
  title: 'Session or handle in other surroundings',
  severity: 'medium',
  why: 'A stolen session or handle goes on in the hands of the thief: another address, and another program as well.',
  falsePositives: [
    'One change alone, such as another network, is silent; so is whatever was seen in the session before.',
    'What is new in the first minute, or after half an hour without use, is taken as normal.',
    'A client behind many addresses that is updated while it runs.',
  ],
  blindSpots: [
    'Networks and countries are not known: any other address is a change. The User-Agent family stands for its fingerprint.',
    'Name and version of a client are its own words: a thief who repeats them changes nothing.',
    'A token that moves without a session: see tok-008.',
  ],
  triage: [
    'Ask the owner: a new machine, a VPN, an update of the client?',
    'What was called after the change that was not called before?',
    'End the session and revoke the token when nobody can explain it.',
  ],
  refs: ['MCP07:2025', 'T1550.001'],
  requires: {
    'tool.call': [...common, 'session', 'clientName', 'protocolVersion'],
    'http.request': [...common, 'session', 'clientName', 'protocolVersion', 'userAgentFamily'],
    'auth.token.validated': [...common, 'session', 'userAgentFamily', 'cnfFp'],
    'handle.presented': [...common, 'handle', 'handlePolicy', 'clientName', 'protocolVersion'],
  },
  occasional: ['auth.token.validated', 'handle.presented', 'session', 'cnfFp', 'userAgentFamily', 'clientName'],
  config: z.object({
    atLeast: z.int().min(2).default(2).describe('Things that change.'),
    windowMs: z.int().default(minutes(30)).describe('Within so long, milliseconds.'),
    settleMs: z.int().default(seconds(60)).describe('What is new is normal for so long, milliseconds.'),
  }),
  per: 'session',
  about: 'caller',
  ttl: days(1),
  cell: noSurroundings,
  beside: {
    handle: {
      per: 'handle',
      cell: noSurroundings,
      on: {
        'handle.presented': (e, cell, config) =>
          e.handlePolicy === 'private' ? judgeShift(e, requestFactors(e), cell, config) : undefined,
      },
    },
  },
  on: {
    'tool.call': (e, cell, config) => judgeShift(e, requestFactors(e), cell, config),
    'http.request': (e, cell, config) =>
      judgeShift(e, { ...requestFactors(e), program: e.userAgentFamily }, cell, config),
    'auth.token.validated': (e, cell, config) =>
      judgeShift(e, { address: e.sourceAddress, program: e.userAgentFamily, key: e.cnfFp }, cell, config),
  },
  examples: { match, noMatch },
})
