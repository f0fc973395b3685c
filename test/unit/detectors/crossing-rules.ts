// Rules whose key crosses servers, one of each kind that may be, and the way their signals take from several logs.
import { createSignalsEngine, createSourceEngine } from '../../../detectors/engine/engine.ts'
import { type AnyRule, assemble } from '../../../detectors/load.ts'
import type { LoadedRules } from '../../../detectors/loaded-rule.ts'
import { days, defineRule, hours, minutes } from '../../../detectors/rule.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Signal } from '../../../schemas/signal.ts'
import { TEXT } from './small-rules.ts'

export const refused = defineRule({
  ...TEXT,
  id: 'tst-101-refused-everywhere',
  requires: { 'tool.call': ['principal', 'tool'] },
  per: 'fleetPrincipal',
  ttl: hours(1),
  count: () => ({
    where: (e) => e.decision === 'deny',
    atLeast: 3,
    within: minutes(10),
    found: (e, seen) => ({ saw: `${seen} refusals, last of ${e.tool}` }),
  }),
})
export const spread = defineRule({
  ...TEXT,
  id: 'tst-102-spread',
  requires: { 'tool.call': ['client'] },
  per: 'fleetClient',
  ttl: hours(1),
  cooldown: hours(1),
  distinct: () => ({
    of: (e) => e.server,
    atLeast: 3,
    within: minutes(10),
    found: (_, seen) => ({ saw: `${seen} servers` }),
  }),
})
export const newClient = defineRule({
  ...TEXT,
  id: 'tst-103-new-client',
  requires: { 'tool.call': ['principal', 'client'] },
  per: 'fleetPrincipal',
  ttl: days(30),
  firstSeen: () => ({ of: (e) => e.client, learn: 1, remember: days(30), found: (e) => ({ saw: e.client }) }),
})
type Places = { servers: string[] }
export const twoServers = defineRule({
  ...TEXT,
  id: 'tst-104-revoked-token',
  requires: { 'auth.token.validated': ['tokenFp'], 'identity.revoked': ['subjectKey'] },
  per: 'fleetToken',
  ttl: days(1),
  cell: (): Places => ({ servers: [] }),
  beside: {
    revoked: {
      per: 'fleet',
      cell: () => ({ keys: [] as string[] }),
      on: { 'identity.revoked': (e, cell) => void cell.keys.push(e.subjectKey) },
    },
  },
  on: {
    'auth.token.validated'(e, cell, _, { revoked }) {
      if (cell.servers.includes(e.server)) return
      cell.servers.push(e.server)
      const pairs = cell.servers.filter((other) => other !== e.server)
      if (pairs.length === 0 && !revoked.keys.includes(e.tokenFp)) return
      return {
        saw: revoked.keys.includes(e.tokenFp) ? 'revoked' : 'two servers',
        named: [...cell.servers].sort().join(),
      }
    },
  },
})
export const inside = defineRule({
  ...TEXT,
  id: 'tst-105-inside',
  requires: { 'tool.call': ['tool'] },
  per: 'tool',
  ttl: hours(1),
  count: () => ({ atLeast: 2, within: minutes(10), found: (e) => ({ saw: e.tool }) }),
})

export const loaded = (...rules: readonly unknown[]): LoadedRules => assemble(rules as AnyRule[])
export const placed = (
  events: readonly AuditEvent[],
  partition = 0,
): readonly { readonly event: AuditEvent; readonly position: Parameters<SourceOf['apply']>[1] & object }[] =>
  events.map((event, offset) => ({ event, position: { log: 'a'.repeat(32), partition, offset, index: 0 } }))
type SourceOf = ReturnType<typeof createSourceEngine>

/** What the owner of one partition finds itself, and sends. */
export function source(
  rules: LoadedRules,
  events: readonly AuditEvent[],
  partition = 0,
): { readonly findings: Finding[]; readonly signals: Signal[] } {
  const engine = createSourceEngine(rules, { stateRows: 100 })
  const findings: Finding[] = []
  const signals: Signal[] = []
  for (const { event, position } of placed(events, partition)) {
    findings.push(...engine.apply(event, position))
    signals.push(...engine.signalsOf(event, position))
  }
  return { findings, signals }
}
export function found(rules: LoadedRules, signals: readonly Signal[]): Finding[] {
  const engine = createSignalsEngine(rules, { stateRows: 100 })
  return signals.flatMap((signal) => engine.apply(signal))
}
/** The logs in one, each in its own order. `pick(n)` answers a whole number below n. */
export function interleaved<T>(logs: readonly (readonly T[])[], pick: (below: number) => number): T[] {
  const rest = logs.map((log) => [...log])
  const out: T[] = []
  for (;;) {
    const open = rest.filter((log) => log.length > 0)
    if (open.length === 0) return out
    out.push(open[pick(open.length)]!.shift()!)
  }
}
export const idsOf = (findings: readonly Finding[]): string[] =>
  [...new Set(findings.map(({ findingId }) => findingId))].sort()
