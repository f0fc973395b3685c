/** Alerts for a person's screen: one line each, and one with all that is known of it. Each line is still to be made fit for a screen. */
import { alertText } from '../../connectors/webhook/targets/console.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { HistoryLine } from './questions.ts'

const ID_CHARS = 8

export function listText(alerts: readonly Alert[]): string {
  if (alerts.length === 0) return 'no alert is like that'
  const lines = alerts.map((alert) => [
    alert.alertId.slice(0, ID_CHARS),
    alert.severity,
    standing(alert),
    `${alert.count}x`,
    minute(alert.lastSeen),
    alert.title.replace(/\s+/g, ' '),
  ])
  const widths = lines[0]!.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  return lines
    .map((line) => line.map((cell, at) => (at === line.length - 1 ? cell : cell.padEnd(widths[at]!))).join('  '))
    .join('\n')
}

const standing = ({ status, owner, verdict }: Alert): string =>
  [status, verdict, owner === '' ? '' : `(${owner.replace(/\s+/g, ' ')})`].filter((part) => part !== '').join(' ')
const minute = (time: string): string => time.slice(0, 16).replace('T', ' ')

/** As the console target shows it, then where it stands and how it came there. */
export function shownAlert(alert: Alert, history: readonly HistoryLine[]): string {
  const { status, owner, statusReason, statusAt, statusUntil, verdict } = alert
  const life = [
    ['status', status],
    ['by', owner],
    ['reason', statusReason],
    ['since', statusAt],
    ['until', statusUntil],
    ['found to be', verdict],
  ] as const
  return [
    alertText(alert),
    ...life.filter(([, value]) => value !== '').map(([label, value]) => `  ${label.padEnd(11)}${oneLine(value)}`),
    ...(history.length === 0 ? [] : ['  history', ...history.map(historyLine)]),
  ].join('\n')
}

function historyLine({ event_time, kind, actor, status, severity, verdict, reason }: HistoryLine): string {
  const who = actor === '' ? '' : ` by ${oneLine(actor)}`
  const what = kind === 'decision' ? 'decided' : [severity, status, verdict].filter((word) => word !== '').join(' ')
  return `    ${event_time.slice(0, 19)}  ${what}${who}${reason === '' ? '' : `: ${oneLine(reason)}`}`
}
const oneLine = (text: string): string => text.replace(/\s+/g, ' ')
