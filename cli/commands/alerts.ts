/** `alerts`: which there are, one with its history, and decisions about them: acknowledge, resolve, reopen, suppress, say what it was. */
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { ALERT_STATUSES, ALERT_VERDICTS } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { SEVERITIES } from '../../schemas/finding.ts'
import { askService, runningService } from '../admin/running-service.ts'
import { listText, shownAlert } from '../alerts/alert-text.ts'
import type { Decided, Decision } from '../alerts/decision.ts'
import { type AlertFilter, type AskRows, alertNamed, historyOf, listAlerts } from '../alerts/questions.ts'
import { printShown } from '../screen.ts'
import { askStore } from '../store-question.ts'

interface Reading {
  readonly data: string
  readonly format: 'text' | 'json'
}
interface Deciding {
  readonly data: string
  readonly by: string
  readonly reason?: string
  readonly verdict?: Decision['verdict']
  readonly until?: string
  readonly for?: string
}
const MOST = 10_000
const VERDICTS = ALERT_VERDICTS.filter((verdict) => verdict !== '')

export default function configure(command: Command): void {
  command.description('alerts, and what people decide about them; an id may be abbreviated')
  reading(command.command('list').description('the gravest and latest first'))
    .addOption(new Option('--status <status>', 'these alone').choices(ALERT_STATUSES))
    .addOption(new Option('--severity <severity>', 'at least this').choices(SEVERITIES))
    .option('--rule <id>', 'rule id, or its beginning')
    .option('--server <id>', 'this server alone')
    .option('--principal <key>', 'key of a principal, or its beginning')
    .option('--tenant <name>', 'this tenant alone')
    .option('--since <when>', 'seen last since then: a time, or 90m, 24h, 7d back')
    .option('--limit <n>', 'at most so many', '100')
    .action(list)
  reading(command.command('show').description('all that is known of an alert, and its history'))
    .argument('<id>')
    .action(show)
  deciding(command, 'ack', 'somebody looks after it: silent until it becomes graver', 'acknowledge')
  verdict(deciding(command, 'resolve', 'it is over; a new finding opens it again', 'resolve'))
  deciding(command, 'reopen', 'it is not over', 'reopen')
  deciding(
    command,
    'suppress',
    'alerts of this rule about this entity are counted and told to nobody, until then',
    'suppress',
  )
    .option('--until <time>', 'end: a time')
    .option('--for <duration>', 'end: 90m, 24h or 7d from now')
  deciding(command, 'unsuppress', 'they are told again', 'unsuppress')
  verdict(deciding(command, 'feedback', 'say what it was; it stays as it stands', 'feedback'))
}
const data = (command: Command): Command => command.requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
const reading = (command: Command): Command =>
  data(command).addOption(
    new Option('--format <format>', 'form of the answer').choices(['text', 'json']).default('text'),
  )
const verdict = (command: Command): Command =>
  command.addOption(new Option('--verdict <verdict>', 'what it was').choices(VERDICTS).makeOptionMandatory())
const deciding = (parent: Command, name: string, description: string, action: Decision['action']): Command =>
  data(parent.command(name).description(description))
    .argument('<id>')
    .option('--by <name>', 'who decides', userInfo().username)
    .option('--reason <text>', 'why')
    .action((id: string, options: Deciding) => decide(id, action, options))

const asking =
  (dataDir: string): AskRows =>
  (sql, parameters) =>
    askStore(sql, dataDir, 'JSONEachRow', parameters)

async function list({
  data,
  format,
  since,
  limit,
  ...filter
}: Reading & AlertFilter & { readonly since?: string; readonly limit: string }): Promise<void> {
  const most = Number(limit)
  if (!Number.isInteger(most) || most < 1 || most > MOST) throw wrong('--limit', `must be from 1 to ${MOST}`)
  const sinceMs = since === undefined ? undefined : momentOf('--since', since, -1)
  const alerts = await listAlerts(asking(data), { ...filter, sinceMs, limit: most })
  if (format === 'json') for (const alert of alerts) process.stdout.write(`${JSON.stringify(alert)}\n`)
  else printShown(listText(alerts))
}

async function show(id: string, { data, format }: Reading): Promise<void> {
  const alert = await alertNamed(asking(data), id)
  const history = await historyOf(asking(data), alert.alertId)
  if (format === 'json') process.stdout.write(`${JSON.stringify({ alert, history }, null, 2)}\n`)
  else printShown(shownAlert(alert, history))
}

async function decide(id: string, action: Decision['action'], options: Deciding): Promise<void> {
  const { data, by, reason = '', verdict } = options
  const until = action === 'suppress' ? endOf(options) : undefined
  if (action === 'suppress' && reason.trim() === '') throw wrong('--reason', 'is required: somebody will ask')
  const service = runningService(data)
  const asked: Decision = { action, by, reason, ...(verdict && { verdict }), ...(until !== undefined && { until }) }
  const answer = service && (await askService(service, `/v1/alerts/${encodeURIComponent(id)}/changes`, asked))
  if (answer === undefined)
    throw wrong('--data', `no service runs on ${data}, and decisions go through the running service`)
  const { applied, alert } = (await answer.json()) as Decided
  const facts = [alert.status, alert.statusUntil && `until ${alert.statusUntil}`, alert.verdict].filter(Boolean)
  printShown(
    applied
      ? `${alert.alertId.slice(0, 8)} ${facts.join(' ')}: ${alert.title}`
      : `${alert.alertId.slice(0, 8)} is taken down, and no alert role has taken it in yet`,
  )
}

function endOf(options: Deciding): string {
  if ((options.until === undefined) === (options.for === undefined))
    throw wrong('--until', 'or --for says when it ends')
  const endMs =
    options.for === undefined ? momentOf('--until', options.until!, undefined) : momentOf('--for', options.for, 1)
  return new Date(endMs).toISOString()
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** A time, or so long from now: forward (1), back (-1); undefined takes times alone. */
function momentOf(option: string, text: string, direction: 1 | -1 | undefined): number {
  const [, amount, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  if (unit !== undefined && direction !== undefined)
    return Date.now() + direction * Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs) || option === '--for')
    throw wrong(
      option,
      direction === undefined ? 'must be a time' : 'must be a time, or a number with m, h or d, such as 7d',
    )
  return atMs
}
const wrong = (option: string, reason: string): AuditdError => new AuditdError('usage', 'alerts', option, reason)
