/** What the demo shows: progress and alerts for a person, or NDJSON for a program. */
import { visible } from '../../connectors/webhook/forms/escape.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { Progress } from './stage.ts'

export interface Summary {
  readonly sent: number
  readonly events: number
  readonly stored: number
  readonly findings: number
  readonly alerts: number
  readonly seconds: number
}
export interface Screen {
  say(text: string): void
  progress(progress: Progress): void
  alert(alert: Alert): void
  answer(question: string, sql: string, table: string): void
  summary(summary: Summary): void
}
const write = (text: string): void => void process.stdout.write(`${text}\n`)

export const jsonScreen: Screen = {
  say() {},
  progress() {},
  alert: ({ rule, alertId, severity, entity, title }) =>
    write(JSON.stringify({ type: 'alert', rule, alertId, severity, entity, title })),
  answer() {},
  summary: (summary) => write(JSON.stringify({ type: 'summary', ...summary })),
}

const MARK = { attack: 'attack   ', 'near-miss': 'near miss', benign: 'benign   ' } as const
export const textScreen: Screen = {
  say: write,
  progress({ scenario, state, number, total }) {
    if (state === 'started')
      write(`\n[${number}/${total}] ${MARK[scenario.kind]} ${scenario.title}\n        ${scenario.story}`)
  },
  alert(alert) {
    const lines = [
      `  !! ${alert.severity.toUpperCase()} ${visible(alert.title)}   (${alert.rule})`,
      `     saw       ${visible(alert.saw)}`,
      `     expected  ${visible(alert.expected)}`,
      `     about     ${visible(alert.entity)}`,
      `     evidence  ${alert.evidenceEventIds.slice(0, 3).join(', ')}`,
      `     next      ${alert.triage[0] ?? ''}`,
    ]
    write(lines.join('\n'))
  },
  answer: (question, sql, table) => write(`\n${question}\n  ${sql}\n${table.trimEnd()}`),
  summary: ({ sent, events, stored, findings, alerts, seconds }) =>
    write(
      `\n${sent} tool calls sent by the clients, ${events} events acknowledged, ${stored} stored; ${findings} findings, ${alerts} alerts; ${seconds} s`,
    ),
}
