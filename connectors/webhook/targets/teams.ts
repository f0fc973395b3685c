/** The Microsoft Teams target: an Adaptive Card to a Workflows webhook. All text stands in text runs, which know no Markdown. */
import type { Alert } from '../../../schemas/alert.ts'
import type { TargetAnswer, TargetVerdict } from '../../../schemas/ports.ts'
import { evidence, type Fact, times, who } from '../forms/alert-facts.ts'
import { decision, isDecision } from '../forms/alert-life.ts'
import { inertQuery, inertText } from '../forms/escape.ts'
import { type HttpTarget, httpTarget } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

/** About 28 KB with everything Teams adds; a card that is larger is accepted by the workflow and then never shown. */
export const CARD_BYTES = 24_000
/** More than four requests in a second are throttled. */
const PACE_MS = 300
/** A workflow that is off, deleted or whose URL is not valid any more needs a person: asking often does not help. */
const OPERATOR_PAUSE_MS = 600_000
const CARD = 'application/vnd.microsoft.card.adaptive'

export const teamsTarget = (name: string, url: string): HttpTarget => {
  const request = (card: Card) => ({
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'message', attachments: [{ contentType: CARD, content: card }] }),
  })
  return httpTarget({
    name,
    paceMs: PACE_MS,
    request: ({ alert }) => request(alertCard(alert)),
    verdict,
  })
}

/**
 * 202: the workflow has it. 200 is what a workflow with an answer of its own, or an older connector, says; those put failures into the
 * body of a 200. What is wrong with the card stays wrong.
 */
function verdict({ status, body }: TargetAnswer): TargetVerdict {
  if (status === 202) return { kind: 'delivered' }
  const code = errorCode(body)
  const inner = /HTTP error (\d{3})/.exec(body)?.[1]
  if (status === 200) {
    if (/^\s*("?(1|ok|accepted)"?|\{\})?\s*$/i.test(body)) return { kind: 'delivered' }
    const reason = `status 200 with an error${inner === undefined ? '' : ` ${inner}`}`
    return inner === '413' ? { kind: 'refused', reason } : { kind: 'retry', reason }
  }
  const reason = `status ${status}${code === '' ? '' : ` ${code}`}`
  if (status === 413 || (status === 400 && !/NotEnabled|Disabled|Suspended/.test(code)))
    return { kind: 'refused', reason }
  const needsOperator = status >= 400 && status < 500 && status !== 429 && status !== 408
  return needsOperator ? { kind: 'retry', afterMs: OPERATOR_PAUSE_MS, reason } : { kind: 'retry', reason }
}

/** `{"error":{"code":"TriggerInputSchemaMismatch","message":…}}`: the code alone is repeated. */
const errorCode = (body: string): string => /"code"\s*:\s*"([A-Za-z]{1,60})"/.exec(body)?.[1] ?? ''

interface TextRun {
  readonly type: 'TextRun'
  readonly text: string
  readonly weight?: 'Bolder'
  readonly size?: 'Large' | 'Small'
  readonly color?: 'Attention' | 'Warning' | 'Good'
  readonly isSubtle?: true
  readonly fontType?: 'Monospace'
}
interface Line {
  readonly type: 'RichTextBlock'
  readonly inlines: readonly TextRun[]
  readonly separator?: true
}
export interface Card {
  readonly type: 'AdaptiveCard'
  readonly $schema: string
  readonly version: '1.5'
  readonly msteams: { readonly width: 'Full' }
  readonly body: readonly Line[]
}

export const alertCard = (alert: Alert): Card => cardOf(isDecision(alert) ? changed(alert) : wholeAlert(alert))

/** What a person decided is short: who reads it has seen the alert. */
const changed = (alert: Alert): readonly Line[] => [
  heading(`[${alert.status.toUpperCase()}] ${alert.title}`, 'Good'),
  ...decision(alert).map(fact),
  small(identity(alert)),
]

function wholeAlert(alert: Alert): readonly Line[] {
  const grave = alert.severity === 'critical' || alert.severity === 'high'
  return [
    heading(`[${alert.severity.toUpperCase()}] ${alert.title}`, grave ? 'Attention' : 'Warning'),
    ...who(alert).map(fact),
    fact({ label: 'When', value: times(alert) }),
    ...present('Saw', alert.saw, 900),
    ...present('Expected', alert.expected, 900),
    ...present('Severity', alert.severityReason),
    ...evidence(alert)
      .slice(0, 30)
      .map(({ label, value }) => line(`${label}: `, value, 300)),
    ...(alert.triage.length === 0 ? [] : [label('Next steps')]),
    ...alert.triage.slice(0, 12).map((step, at) => line(`${at + 1}. `, step, 400)),
    ...query(alert.query),
    ...present('Cannot see', alert.blindSpots.join(' ')),
    small(`${identity(alert)} · ${alert.rule} v${alert.ruleVersion} · ${alert.refs.join(', ')}`),
  ]
}

function query(text: string): readonly Line[] {
  if (text === '') return []
  const shown = inertQuery(text, 3_000)
  if (shown === undefined) return present('Query', 'stands in the table of alerts')
  return [label('Query'), ...shown.split('\n').map((one) => run({ text: one, fontType: 'Monospace' }))]
}

/** Every part counts: what does not fit is counted. The last line, which tells the alert, stays. */
function cardOf(lines: readonly Line[]): Card {
  const card = (body: readonly Line[]): Card => ({
    type: 'AdaptiveCard',
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: '1.5',
    msteams: { width: 'Full' },
    body,
  })
  const last = lines.at(-1)!
  const kept: Line[] = []
  let room = CARD_BYTES - bytes(card([last])) - 200
  for (const one of lines.slice(0, -1)) {
    room -= bytes(one) + 1
    if (room < 0) break
    kept.push(one)
  }
  const left = lines.length - 1 - kept.length
  return card([...kept, ...(left === 0 ? [] : [small(`and ${left} more lines`)]), last])
}
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))

const run = (part: Omit<TextRun, 'type'>): Line => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', ...part, text: part.text === '' ? '–' : part.text }],
})
const heading = (text: string, color: 'Attention' | 'Warning' | 'Good'): Line =>
  run({ text: inertText(text, 300), weight: 'Bolder', size: 'Large', color })
const label = (text: string): Line => run({ text, weight: 'Bolder' })
const small = (text: string): Line => ({
  ...run({ text: inertText(text, 900), size: 'Small', isSubtle: true }),
  separator: true,
})
const line = (head: string, value: string, maxChars: number): Line => ({
  type: 'RichTextBlock',
  inlines: [
    { type: 'TextRun', text: inertText(head, 80), weight: 'Bolder' },
    { type: 'TextRun', text: inertText(value, maxChars) || '–' },
  ],
})
const fact = ({ label: name, value }: Fact): Line => line(`${name}: `, value, 500)
const present = (name: string, value: string, maxChars = 500): readonly Line[] =>
  value === '' ? [] : [line(`${name}: `, value, maxChars)]
const identity = ({ alertId, revision }: Alert): string => `alert ${alertId} revision ${revision}`

export default defineTarget({
  type: 'teams',
  async create(name, config, settings) {
    const url = await settings.secret(config.url, `targets.${name}.url`)
    return teamsTarget(name, targetUrl(name, url.trim(), settings.allowPrivate))
  },
})
