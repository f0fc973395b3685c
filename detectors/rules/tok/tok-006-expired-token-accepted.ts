/** A token is accepted after its end or before its beginning. */
import { z } from 'zod'
import { defineRule } from '../../rule.ts'
import { example, exampleWith, graded, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'
import { gradeOfAccepted } from '../../token/acceptance.ts'

const NOW = SAMPLE_EPOCH_MS / 1_000
type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
/** Seconds from now. */
const token = (expires: number, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: 0,
    expAt: NOW + expires,
    notBefore: NOW - 3_600,
    client: 'ide',
    principal: 'alice',
    decision: 'allow',
    flags: [],
    ...more,
  })
const future = (begins: number, more: Fields = {}) => token(3_600, { notBefore: NOW + begins, ...more })

export default defineRule({
  id: 'tok-006-expired-token-accepted',
  version: 1,
  title: 'Expired or not yet valid token accepted',
  severity: { allowed: 'critical', denied: 'info' },
  why: 'A server that does not look at the end of a token gives everyone who ever had one access for good.',
  falsePositives: [
    'Clocks that disagree: two minutes are allowed, and events whose own time was corrected are not judged.',
    'A stream that outlives its token is judged by the request that opened it.',
  ],
  blindSpots: [
    'Opaque tokens whose end no introspection tells.',
    'A proxy that did not verify the token cannot know whether the server looked at it: medium.',
  ],
  triage: [
    'How long ago did it end, and who still uses it?',
    'Does the verifier check `exp` and `nbf`, and is the clock of the server right?',
  ],
  refs: ['MCP07:2025', 'T1550.001', 'RFC 7519'],
  per: 'grant',
  requires: { 'auth.token.validated': ['expAt', 'notBefore', 'client', 'principal', 'flags'] },
  occasional: ['notBefore', 'flags'],
  config: z.object({ skewSeconds: z.int().min(0).default(120).describe('How far clocks may disagree, seconds.') }),
  check: {
    'auth.token.validated'(e, { skewSeconds }) {
      const past = e.says('expAt') ? e.ts / 1_000 - e.expAt : 0
      const ahead = e.notBefore - e.ts / 1_000
      if ((past <= skewSeconds && ahead <= skewSeconds) || e.flags.includes('event_time_clamped')) return
      if (e.decision === 'error') return
      return {
        severity: gradeOfAccepted(e, 'critical') ?? 'info',
        saw: `a token that ${past > skewSeconds ? `ended ${Math.round(past)} s ago` : `begins in ${Math.round(ahead)} s`}`,
        expected: 'a token that is valid now',
      }
    },
  },
  examples: {
    match: [
      graded('critical', example('ended ten minutes ago', token(-600))),
      graded(
        'info',
        example('refused: its client will get a new one', token(-600, { decision: 'deny', client: '', principal: '' })),
      ),
      graded('medium', example('answered behind a proxy', token(-600, { flags: ['claims_unverified'] }))),
      example('just beyond the skew', token(-120, { ts: 1 })),
      example('not valid yet', future(600)),
      example('just beyond the skew, not valid yet', future(121)),
      exampleWith({ skewSeconds: 0 }, 'to the second', token(-1)),
    ],
    noMatch: [
      example('ended a minute ago', token(-60)),
      example('where the skew ends', token(-120)),
      example('begins within the skew', future(120)),
      example('the time of the event was corrected', token(-600, { flags: ['event_time_clamped'] })),
      example('valid', token(3_600)),
      example('it does not say its end', sample('auth.token.validated', { decision: 'allow', client: 'ide' })),
      exampleWith({ skewSeconds: 0 }, 'no end, to the second', sample('auth.token.validated', { decision: 'allow' })),
      example('the verifier broke down', token(-600, { decision: 'error' })),
      exampleWith({ skewSeconds: 600 }, 'a longer skew', token(-600)),
    ],
  },
})
