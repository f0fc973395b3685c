// Declared rules of the catalogue’s shapes: with ours, as many as the threat catalogue has rows.
import { z } from 'zod'
import type { AnyRule } from '../../detectors/loaded-rule.ts'
import { days, defineRule, hours, minutes } from '../../detectors/rule.ts'
import { example, sample } from '../../detectors/sample.ts'

const TEXT = {
  version: 1,
  title: 'Synthetic',
  severity: { allowed: 'high', denied: 'low' },
  why: 'A declared rule of the benchmark, not of the product.',
  falsePositives: ['none'],
  blindSpots: ['all'],
  triage: ['none'],
  refs: ['none'],
  config: z.object({}),
  examples: { match: [example('none', sample('tool.call'))], noMatch: [example('none', sample('tool.call'))] },
} as const
let number = 0
const id = (shape: string): string => `syn-${String(++number).padStart(3, '0')}-${shape}`
const made: AnyRule[] = []
const times = (count: number, make: (i: number) => unknown): void => {
  for (let i = 0; i < count; i++) made.push(make(i) as AnyRule)
}
/** Rare conditions, as rules have: most events are looked at and passed over. */
const isRare = (text: string, i: number): boolean =>
  text.length > 0 && text.charCodeAt(text.length - 1) === 200 + (i % 7)

// 64 stateless checks over eight types: a comparison, a list look-up, a number.
times(16, (i) =>
  defineRule({
    ...TEXT,
    id: id('token'),
    requires: { 'auth.token.validated': ['iss', 'scopes', 'expAt', 'joseAlg', 'ver'] },
    check: {
      'auth.token.validated': (e) =>
        e.joseAlg === `none${i}` || (e.expAt !== 0 && e.expAt < i) || e.scopes.includes(`root:${i}`)
          ? { saw: `${e.iss} ${e.ver}` }
          : undefined,
    },
  }),
)
times(16, (i) =>
  defineRule({
    ...TEXT,
    id: id('call'),
    requires: { 'tool.call': ['tool', 'argsBytes', 'labels', 'definition'] },
    check: {
      'tool.call': (e) =>
        e.argsBytes > 200_000 + i || e.labels.includes(`secret${i}`) || isRare(e.tool, i) ? { saw: e.tool } : undefined,
    },
  }),
)
times(14, (i) =>
  defineRule({
    ...TEXT,
    id: id('result'),
    requires: { 'tool.result': ['tool', 'bytes', 'findings', 'urlDomains'] },
    check: {
      'tool.result': (e) =>
        e.bytes > 5_000_000 + i || e.findings.includes(`injection${i}`) || e.urlDomains.length > 20 + i
          ? { saw: e.tool }
          : undefined,
    },
  }),
)
times(10, (i) =>
  defineRule({
    ...TEXT,
    id: id('request'),
    requires: { 'http.request': ['origin', 'host', 'headerCheck', 'credentialLocation', 'status'] },
    check: {
      'http.request': (e) =>
        e.headerCheck === 'mismatch' || e.credentialLocation === 'query' || e.status === 599 - i
          ? { saw: e.origin }
          : undefined,
    },
  }),
)
times(8, (i) =>
  defineRule({
    ...TEXT,
    id: id('outbound'),
    requires: {
      'outbound.request': ['destinationHost', 'credentialRelation', 'ipClass'],
      'content.finding': ['findingClass', 'score'],
    },
    check: {
      'outbound.request': (e) =>
        e.credentialRelation === 'same_token' && isRare(e.destinationHost, i) ? { saw: e.ipClass } : undefined,
      'content.finding': (e) => (e.score > 1 + i ? { saw: e.findingClass } : undefined),
    },
  }),
)

// 37 with state.

// One type for all: the union of scopes and shapes is too large for the compiler.
const scopes = ['caller', 'session', 'client', 'tool', 'server', 'grant'] as unknown as readonly 'caller'[]
times(12, (i) =>
  defineRule({
    ...TEXT,
    id: id('count'),
    requires: { 'tool.call': ['tool'], 'http.request': ['status'] },
    per: scopes[i % scopes.length]!,
    ttl: hours(1),
    count: () => ({
      where: (e) => e.decision === 'deny' && (e.ts + i) % 3 === 0,
      atLeast: 6 + i,
      within: minutes(5),
      found: (_, n) => ({ saw: `${n} refusals` }),
    }),
  }),
)
times(7, (i) =>
  defineRule({
    ...TEXT,
    id: id('distinct'),
    requires: { 'tool.call': ['tool'] },
    per: scopes[i % 3]!,
    ttl: hours(1),
    distinct: () => ({
      where: (e) => e.decision === 'deny',
      of: (e) => e.tool,
      atLeast: 8 + i,
      within: minutes(10),
      found: (e, n) => ({ saw: `${n} tools, last ${e.tool}` }),
    }),
  }),
)
times(6, (i) =>
  defineRule({
    ...TEXT,
    id: id('first-seen'),
    requires: { 'outbound.request': ['destinationHost'] },
    per: scopes[i % 2 === 0 ? 4 : 0]!,
    ttl: days(30),
    firstSeen: () => ({
      of: (e) => e.destinationHost,
      learn: 500 + i,
      remember: days(7),
      found: (e) => ({ saw: e.destinationHost }),
    }),
  }),
)
times(5, (i) =>
  defineRule({
    ...TEXT,
    id: id('sequence'),
    requires: { 'content.finding': ['findingClass'], 'outbound.request': ['destinationHost'] },
    per: i % 2 === 0 ? 'caller' : 'session',
    ttl: hours(2),
    sequence: () => ({
      first: (e) => e.type === 'content.finding' && e.findingClass === 'injection',
      // biome-ignore lint/suspicious/noThenProperty: the word of the shape; nobody awaits a rule
      then: (e) => e.type === 'outbound.request' && e.destinationHost.endsWith(`${i}.example`),
      within: minutes(2 + i),
      found: () => ({ saw: 'injection, then a call outside' }),
    }),
  }),
)
times(3, (i) =>
  defineRule({
    ...TEXT,
    id: id('baseline'),
    requires: { 'tool.result': ['bytes'] },
    per: i === 0 ? 'tool' : 'caller',
    ttl: days(7),
    baseline: () => ({
      of: (e) => e.bytes,
      sigmas: 8 + i,
      floor: 100_000,
      learn: 50,
      found: (_, n) => ({ saw: `${n} bytes` }),
    }),
  }),
)
times(2, () =>
  defineRule({
    ...TEXT,
    id: id('drift'),
    requires: { 'tool.result': ['durationMs'] },
    per: 'tool',
    ttl: days(7),
    drift: () => ({
      of: (e) => e.durationMs,
      slack: 200,
      limit: 5_000,
      found: (_, n) => ({ saw: `${n} ms too much` }),
    }),
  }),
)
times(2, (i) =>
  defineRule({
    ...TEXT,
    id: id('absence'),
    requires: { 'server.heartbeat': ['eventsSent'], 'server.stopped': ['reason'] },
    per: 'server',
    ttl: hours(2),
    absence: () => ({
      of: (e) => e.type === 'server.heartbeat',
      endedBy: (e) => e.type === 'server.stopped',
      after: minutes(10 + i),
      found: (atMs) => ({ saw: `silent at ${atMs}` }),
    }),
  }),
)
export const SYNTHETIC_RULES: readonly AnyRule[] = made
