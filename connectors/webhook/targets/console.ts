/** The console target: an alert as text that a person can act on without opening anything else. */
import type { Alert } from '../../../schemas/alert.ts'
import { evidence, type Fact, times, who } from '../forms/alert-facts.ts'
import { decision } from '../forms/alert-life.ts'
import { visible } from '../forms/escape.ts'
import { type HttpTarget, httpTarget } from '../http-target.ts'
import { CONSOLE_URL } from '../send.ts'
import { defineTarget } from '../target-factory.ts'

export const consoleTarget = (name: string): HttpTarget =>
  httpTarget({
    name,
    request: (delivery) => ({
      url: CONSOLE_URL,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: `${alertText(delivery.alert)}\n`,
    }),
    shown: ({ body }) => ({ to: 'standard output', headers: {}, body }),
    verdict: (answer) =>
      answer.status === 200
        ? { kind: 'delivered' }
        : { kind: 'retry', reason: `the console answered ${answer.status}` },
  })

/**
 * Who, what, expected against seen, evidence, next steps, query. Every value is on one line of its own label, so that hostile text can
 * neither forge another line nor reach the terminal; the query alone keeps its line breaks.
 */
export function alertText(alert: Alert): string {
  return [
    `${alert.severity.toUpperCase()}  ${visible(alert.title, 200)}`,
    line('status', alert.status === 'open' ? '' : alert.status),
    ...decision(alert).map(factLine),
    line('why', alert.severityReason),
    ...who(alert).map(factLine),
    line('when', times(alert)),
    line('saw', alert.saw, 1000),
    line('expected', alert.expected, 1000),
    ...section('evidence', evidence(alert).map(evidenceLine)),
    line('events', shortList(alert.evidenceEventIds)),
    ...section(
      'next steps',
      alert.triage.map((step, at) => `    ${at + 1}. ${visible(step)}`),
    ),
    ...section(
      'cannot see',
      alert.blindSpots.map((spot) => `    - ${visible(spot)}`),
    ),
    ...section(
      'query',
      alert.query.split('\n').map((text) => `    ${visible(text, 4000)}`),
    ),
    line('rule', `${alert.rule} v${alert.ruleVersion} (${alert.evidenceLevel})`),
    line('refs', alert.refs.join(', ')),
    line('alert', `${alert.alertId} revision ${alert.revision}`),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

const SHOWN_IDS = 5
const LABEL_CHARS = 11
const line = (label: string, value: string, maxChars = 500): string =>
  value === '' ? '' : `  ${label.padEnd(LABEL_CHARS)}${visible(value, maxChars)}`
const factLine = (fact: Fact): string => line(fact.label.toLowerCase(), fact.value)
const evidenceLine = (fact: Fact): string => `    ${visible(fact.label, 60)}: ${visible(fact.value)}`
const section = (label: string, lines: readonly string[]): readonly string[] =>
  lines.every((text) => text.trim() === '') ? [] : [`  ${label}`, ...lines]
const shortList = (ids: readonly string[]): string =>
  ids.length <= SHOWN_IDS ? ids.join(', ') : `${ids.slice(0, SHOWN_IDS).join(', ')} and ${ids.length - SHOWN_IDS} more`

export default defineTarget({ type: 'console', create: async (name) => consoleTarget(name) })
