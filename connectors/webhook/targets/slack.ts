/** The Slack target: an incoming webhook with Block Kit; hostile text cannot format, link, mention or notify. */
import type { Alert } from '../../../schemas/alert.ts'
import type { TargetAnswer, TargetRequest, TargetVerdict } from '../../../schemas/ports.ts'
import { evidence, type Fact, times, who } from '../forms/alert-facts.ts'
import { decision, isDecision, keptLines } from '../forms/alert-life.ts'
import { slackCode, slackCodeBlock, slackText } from '../forms/escape.ts'
import { type HttpTarget, httpTarget } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

/**
 * Slack's limits (Block Kit reference): 50 blocks, 3,000 characters a section text, 10 fields of 2,000, header 150. A message
 * whose blocks hold more than about 13,000 characters in all is refused too (`msg_blocks_too_long`): the budgets below stay under 12,000.
 */
const BUDGET = {
  header: 150,
  fields: 10,
  field: 250,
  side: 900,
  evidence: 2400,
  steps: 1500,
  query: 2800,
  context: 1200,
}
/** A hook that is switched off or not allowed to post needs a person: asking often does not help. */
const OPERATOR_PAUSE_MS = 600_000
/** Answers that judge this message and not the hook; sending it again gives the same answer. */
const MESSAGE_REFUSED = new Set([
  'invalid_payload',
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
  'too_many_attachments',
])

/** One message a second; short bursts pass, but nobody promises them. */
const PACE_MS = 1_000

export const slackTarget = (name: string, url: string): HttpTarget => {
  const request = (message: object): TargetRequest => ({
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
  })
  return httpTarget({
    name,
    paceMs: PACE_MS,
    request: ({ alert }) => request(slackMessage(alert)),
    verdict,
  })
}

/** 200 with any body but `ok` is not Slack taking it (a proxy, a login page). Slack names its reason in the body as one word. */
function verdict(answer: TargetAnswer): TargetVerdict {
  const word = /^[a-z_]{1,64}$/.test(answer.body.trim()) ? answer.body.trim() : ''
  if (answer.status === 200 && word === 'ok') return { kind: 'delivered' }
  const reason = `status ${answer.status}${word === '' ? '' : ` ${word}`}`
  if (MESSAGE_REFUSED.has(word) || answer.status === 413) return { kind: 'refused', reason }
  const needsOperator = answer.status >= 400 && answer.status < 500 && answer.status !== 429 && answer.status !== 408
  return needsOperator ? { kind: 'retry', afterMs: OPERATOR_PAUSE_MS, reason } : { kind: 'retry', reason }
}

type Text = { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true }
type Block = Readonly<Record<string, unknown>> & { readonly type: 'header' | 'section' | 'context' }

type Message = Readonly<Record<string, unknown>>
/** `text` is the fallback for notifications; `mrkdwn: false` keeps it plain. */
const message = (text: string, blocks: readonly Block[]): Message => ({
  text,
  mrkdwn: false,
  unfurl_links: false,
  unfurl_media: false,
  blocks,
})
const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text: slackText(text, BUDGET.header), emoji: false },
})
const footer = (text: string): Block => ({ type: 'context', elements: [mrkdwn(text)] })

/** The whole payload: an alert in full, or what a person decided about it in two lines. */
export const slackMessage = (alert: Alert): Message => (isDecision(alert) ? changed(alert) : wholeAlert(alert))

function wholeAlert(alert: Alert): Message {
  const head = `[${alert.severity.toUpperCase()}]`
  return message(`${head} ${slackText(alert.title, 300)}`, [
    header(`${head} ${alert.title}`),
    ...facts(who(alert)),
    section('Saw', slackCode(alert.saw, BUDGET.side)),
    section('Expected', slackCode(alert.expected, BUDGET.side)),
    ...listed(
      'Evidence',
      evidence(alert).map((fact) => evidenceLine(fact)),
      BUDGET.evidence,
    ),
    ...listed(
      'Next steps',
      alert.triage.map((step, at) => `${at + 1}. ${slackCode(step, 400)}`),
      BUDGET.steps,
    ),
    ...query(alert),
    footer(context(alert)),
  ])
}

function changed(alert: Alert): Message {
  const head = `[${alert.status.toUpperCase()}]`
  const by = decision(alert).map((fact) => `${fact.label.toLowerCase()} ${slackCode(fact.value, 300)}`)
  return message(`${head} ${slackText(alert.title, 300)}`, [
    section(`${head} ${alert.severity}`, [slackCode(alert.title, 300), ...by].join('\n')),
    footer(identity(alert)),
  ])
}

/** `verbatim` keeps Slack from turning plain URLs, channels and names into links. */
const mrkdwn = (text: string): Text => ({ type: 'mrkdwn', text, verbatim: true })
const labelled = (fact: Fact, maxChars: number): string =>
  `*${fact.label}*\n${slackCode(fact.value, maxChars - fact.label.length - 3)}`
const section = (label: string, text: string): Block => ({ type: 'section', text: mrkdwn(`*${label}*\n${text}`) })
const evidenceLine = (fact: Fact): string => `${slackCode(fact.label, 60)}: ${slackCode(fact.value, 300)}`

/** Slack refuses a section with no field. */
const facts = (known: readonly Fact[]): readonly Block[] =>
  known.length === 0
    ? []
    : [{ type: 'section', fields: known.slice(0, BUDGET.fields).map((fact) => mrkdwn(labelled(fact, BUDGET.field))) }]

/** As many whole lines as fit, and how many did not. */
const listed = (label: string, lines: readonly string[], maxChars: number): readonly Block[] =>
  lines.length === 0 ? [] : [section(label, keptLines(lines, maxChars - 40).join('\n'))]

function query(alert: Alert): readonly Block[] {
  if (alert.query === '') return []
  const block = slackCodeBlock(alert.query, BUDGET.query)
  return [section('Query', block ?? 'too long for Slack: it stands in the table of alerts')]
}

const identity = (alert: Alert): string => `alert ${slackCode(alert.alertId, 40)} revision ${alert.revision}`
const context = (alert: Alert): string =>
  [
    `${slackCode(alert.rule, 80)} v${alert.ruleVersion}`,
    identity(alert),
    slackText(times(alert), 120),
    slackText(alert.refs.join(', '), 200),
    slackCode(alert.severityReason, 300),
    ...(alert.blindSpots.length === 0 ? [] : [`cannot see: ${slackCode(alert.blindSpots.join(' '), 400)}`]),
  ]
    .filter((text) => text !== '')
    .join(' · ')

export default defineTarget({
  type: 'slack',
  async create(name, config, settings) {
    const url = await settings.secret(config.url, `targets.${name}.url`)
    return slackTarget(name, targetUrl(name, url.trim(), settings.allowPrivate))
  },
})
