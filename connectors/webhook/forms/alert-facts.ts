/** What a person reads of an alert, in one order for every text target. Values are raw: each target escapes them its own way. */
import type { Alert } from '../../../schemas/alert.ts'

export interface Fact {
  readonly label: string
  readonly value: string
}
const present = (facts: readonly Fact[]): readonly Fact[] => facts.filter((fact) => fact.value !== '')

/** Who did it, where. Keys and fingerprints are keyed hashes or verified ids, never tokens or raw session ids. */
export const who = (alert: Alert): readonly Fact[] =>
  present([
    { label: 'Principal', value: alert.principalKey },
    { label: 'Client', value: alert.clientKey },
    { label: 'Server', value: alert.serverId },
    { label: 'Tool', value: alert.toolName },
    { label: 'Session', value: alert.sessionFp },
    { label: 'Decision', value: alert.decision },
    { label: 'Entity', value: alert.entity },
    { label: 'Tenant', value: alert.tenant },
  ])

export const evidence = (alert: Alert): readonly Fact[] =>
  Object.entries(alert.evidence).map(([label, value]) => ({ label, value: [value].flat().join(', ') }))

/** How often and when, by event time. */
export const times = (alert: Alert): string =>
  alert.count === 1
    ? `once, ${alert.firstSeen}`
    : `${alert.count} times, first ${alert.firstSeen}, last ${alert.lastSeen}`
