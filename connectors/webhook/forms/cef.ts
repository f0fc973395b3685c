/** An alert in the Common Event Format, version 0: one line of at most so many bytes, in which no text can begin another field. */
import type { Alert } from '../../../schemas/alert.ts'
import { PRODUCT } from '../../ocsf/event.ts'
import { evidence } from './alert-facts.ts'
import { changedAt, decision, lifeEvent } from './alert-life.ts'
import { visible } from './escape.ts'

/** 0-3 low, 4-6 medium, 7-8 high, 9-10 very high. */
const SEVERITY: Readonly<Record<Alert['severity'], number>> = { info: 1, low: 3, medium: 5, high: 8, critical: 10 }

type Field = readonly [key: string, value: string, mostChars: number]
/** Keys and lengths of the extension dictionary. `cs…` and `flex…` are ours to name; a label is sent with its field only. */
const fieldsOf = (alert: Alert, uid: string): readonly Field[] => [
  ['rt', epochMs(changedAt(alert)), 20],
  ['start', epochMs(alert.firstSeen), 20],
  ['end', epochMs(alert.lastSeen), 20],
  ['cnt', String(alert.count), 20],
  // 40 at most: an alert id and a revision of seven digits.
  ['externalId', uid, 40],
  ['cat', `alert ${lifeEvent(alert)}`, 1023],
  ['act', alert.decision, 63],
  ['reason', alert.severityReason, 1023],
  ['suid', alert.principalKey, 1023],
  ['suser', alert.principalKey, 1023],
  ['destinationServiceName', alert.serverId, 1023],
  ['requestClientApplication', alert.clientKey, 1023],
  ['requestContext', alert.entity, 2048],
  ...custom('cs1', 'Tool', alert.toolName),
  ...custom('cs2', 'Session', alert.sessionFp),
  ...custom('cs3', 'Saw', alert.saw),
  ...custom('cs4', 'Expected', alert.expected),
  ...custom(
    'cs5',
    'Evidence',
    evidence(alert)
      .map(({ label, value }) => `${label}: ${value}`)
      .join('; '),
  ),
  ...custom('cs6', 'References', alert.refs.join(' ')),
  ...custom('flexString1', 'Status', alert.status),
  ...custom('flexString2', 'Tenant', alert.tenant),
  ['msg', [alert.title, ...decision(alert).map(({ label, value }) => `${label}: ${value}`)].join('; '), 1023],
]
const custom = (key: string, label: string, value: string): readonly Field[] =>
  value === ''
    ? []
    : [
        [`${key}Label`, label, 1023],
        [key, value, key.startsWith('flex') ? 1023 : 4000],
      ]
const epochMs = (time: string): string => {
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? '' : String(ms)
}

/** Bounds of every text, from the dictionary's own downwards: the first with which the whole fits is taken. */
const BOUNDS = [4000, 1000, 400, 150, 60] as const

export function cefLine(alert: Alert, uid: string, maxBytes: number): string {
  let line = ''
  for (const bound of BOUNDS) {
    line = lineWith(alert, uid, bound)
    if (Buffer.byteLength(line) <= maxBytes) break
  }
  return line
}

function lineWith(alert: Alert, uid: string, bound: number): string {
  const header = [
    ...['CEF:0', PRODUCT.vendor_name, PRODUCT.name, PRODUCT.version],
    headerText(alert.rule, Math.min(bound, 1023)),
    headerText(alert.title, Math.min(bound, 512)),
    String(SEVERITY[alert.severity]),
  ]
  const extension = fieldsOf(alert, uid)
    .filter(([, value]) => value !== '')
    .map(([key, value, most]) => `${key}=${extensionText(value, Math.min(most, bound))}`)
  return `${header.join('|')}|${extension.join(' ')}`
}

/** `visible` leaves one line and cuts between what it shows; what is escaped here is escaped after the cut and never cut itself. */
const headerText = (text: string, maxChars: number): string =>
  visible(text, maxChars).replace(/[\\|]/g, (char) => `\\${char}`)
const extensionText = (text: string, maxChars: number): string =>
  visible(text, maxChars).replace(/[\\=]/g, (char) => `\\${char}`)
