/** A summary in the form of an alert, so that every target can show it. */
import { createHash } from 'node:crypto'
import { type Alert, aboutNobody } from '../../schemas/alert.ts'
import type { Counts, Period, Summary } from './summary.ts'

export const DIGEST_RULE = 'auditd-digest'
const listed = (counts: Counts): string[] => counts.map(([name, count]) => `${name} x${count}`)
const sum = (counts: Counts): number => counts.reduce((all, [, count]) => all + count, 0)
const spoken = (counts: Counts): string => counts.map(([name, count]) => `${count} ${name}`).join(', ')

/** The same period makes the same id: a receiver drops the repeat. `deadLetters`: refused since the digest before. */
export function digestAlert({ fromMs, toMs, tenant }: Period, summary: Summary, deadLetters: number): Alert {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()]
  const { bySeverity, byRule, byServer, openByAge, suppressed, blindRules, servers, events, dropped } = summary
  const alerts = sum(bySeverity)
  const open = sum(openByAge)
  const losses = dropped + deadLetters
  return {
    ...aboutNobody(),
    alertId: createHash('sha256')
      .update(JSON.stringify([DIGEST_RULE, tenant, from, to]))
      .digest('hex')
      .slice(0, 32),
    ...{
      rule: DIGEST_RULE,
      ruleVersion: 1,
      severity: 'info',
      severityReason: 'A digest asks for nothing.',
      findingSeverity: 'info',
    },
    title: `Digest of ${from.slice(0, 10)}: ${alerts} new alerts${alerts === 0 ? '' : ` (${spoken(bySeverity)})`}, ${open} open${losses === 0 ? '' : `, ${losses} events lost or refused`}`,
    ...{ tenant, serverId: '', windowStart: from, windowMs: toMs - fromMs, revision: 1, count: alerts },
    ...{ firstSeen: from, lastSeen: to },
    saw: `${events} events of ${servers} servers; ${dropped} events lost, ${deadLetters} refused; ${suppressed} alerts suppressed`,
    evidence: {
      ...Object.fromEntries(bySeverity.map(([severity, count]) => [`new ${severity}`, count])),
      ...Object.fromEntries(openByAge.map(([age, count]) => [`open ${age}`, count])),
      ...(byRule.length > 0 && { rules: listed(byRule) }),
      ...(byServer.length > 0 && { servers: listed(byServer) }),
      ...(blindRules.length > 0 && { 'rules that saw too little, by servers': listed(blindRules) }),
    },
    triage: [
      'Open alerts that are older than a week: resolve, suppress with an end, or hand over.',
      'Rules that saw too little: `mcp-auditd coverage` says what is missing.',
    ],
    query: `SELECT severity, status, rule, server_id, entity, count, first_seen, title, alert_id FROM alerts WHERE first_seen >= toDateTime64('${sqlTime(fromMs)}', 3, 'UTC') AND first_seen < toDateTime64('${sqlTime(toMs)}', 3, 'UTC') ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity), first_seen`,
  }
}
const sqlTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
