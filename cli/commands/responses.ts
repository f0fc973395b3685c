/** `responses`: what another system could be asked to do about alerts; nothing is asked before a person confirms it. */
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { type Command, Option } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { askService, runningService } from '../admin/running-service.ts'
import type { Standing } from '../responses/standing.ts'
import { printShown, shown } from '../screen.ts'

interface Deciding {
  readonly data: string
  readonly by: string
  readonly reason: string
  readonly yes?: true
}

export default function configure(command: Command): void {
  command.description('what could be done about alerts: list, confirm, reject; nothing happens without a person')
  const data = (one: Command) => one.requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
  data(command.command('list').description('proposals that can be confirmed, and what became of others'))
    .addOption(new Option('--json', 'as JSON lines'))
    .action(list)
  const deciding = (one: Command) =>
    data(one)
      .argument('<id>', 'id of the proposal, or its beginning')
      .requiredOption('--by <name>', 'who decides')
      .requiredOption('--reason <text>', 'why')
  deciding(command.command('confirm').description('shows what will happen, asks, and has it sent once'))
    .option('--yes', 'does not ask: what will happen was read before')
    .action(confirm)
  deciding(command.command('reject').description('it can be confirmed no more')).action(
    async (id: string, options: Deciding) => decide('reject', id, options),
  )
}

async function ask<Answer>(dataDir: string, path: string, body?: unknown): Promise<Answer> {
  const service = runningService(dataDir)
  const answer = service && (await askService(service, path, body))
  if (answer === undefined) throw new AuditdError('store_unavailable', 'responses', '--data', 'no service runs on it')
  return (await answer.json()) as Answer
}

async function list({ data, json }: { readonly data: string; readonly json?: true }): Promise<void> {
  const { responses } = await ask<{ responses: readonly Standing[] }>(data, '/v1/responses')
  if (json) process.stdout.write(responses.map((one) => `${JSON.stringify(one)}\n`).join(''))
  else printShown(responses.length === 0 ? 'nothing is proposed' : responses.map(lineOf).join('\n'))
}
function lineOf(one: Standing): string {
  const { id, state, response, action, subject, alertId, alertTitle, expiresAt, by, reason, at, outcome } = one
  const what = `${id}  ${state}  ${action} ${subject.kind} ${subject.id} by ${response}`
  const why = `  alert ${alertId}: ${alertTitle}`
  const when = by === undefined ? `  until ${expiresAt}` : `  ${by} at ${at}: ${reason}`
  return [what, why, when, ...(outcome === undefined ? [] : [`  ${outcome}`])].join('\n')
}

async function confirm(id: string, options: Deciding): Promise<void> {
  const proposal = await ask<{ id: string; action: string; what: string }>(options.data, `/v1/responses/${id}`)
  printShown(proposal.what)
  if (options.yes !== true && !(await agreed(proposal.action)))
    throw new AuditdError('usage', 'responses', 'confirm', 'nothing was confirmed')
  await decide('confirm', proposal.id, options)
}
/** The name of what is done, typed: a key pressed too often confirms nothing. */
async function agreed(action: string): Promise<boolean> {
  if (process.stdin.isTTY !== true)
    throw new AuditdError('usage', 'responses', '--yes', 'is required where nobody can be asked')
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await terminal.question(`Type ${shown(action)} to confirm: `)
  terminal.close()
  return answer.trim() === action
}

async function decide(verb: 'confirm' | 'reject', id: string, { data, by, reason }: Deciding): Promise<void> {
  const answer = await ask<{ id: string; decision: string }>(data, `/v1/responses/${id}/${verb}`, { by, reason })
  printShown(`${answer.decision} ${answer.id} by ${by}`)
}
