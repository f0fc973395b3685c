/** `report`: how far the mandatory statements held in a period, ordered by what a framework asks. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { answersOf } from '../compliance/answers.ts'
import { loadFrameworks, loadStatements } from '../compliance/load.ts'
import { reportAsJson, reportAsMarkdown } from '../compliance/report.ts'
import { printShown } from '../screen.ts'
import { askStore } from '../store-question.ts'

interface Options {
  readonly data: string
  readonly framework: string
  readonly from?: string
  readonly to?: string
  readonly tenant?: string
  readonly format: 'md' | 'json'
}
/** A quarter, when nobody says from when. */
const DEFAULT_DAYS = 90

export default function configure(command: Command): void {
  command
    .description('how far the mandatory statements held, with the query behind each figure and what is not observable')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .requiredOption('--framework <name>', 'owasp-mcp, gdpr, hipaa, soc2, iso27001 or ai-act')
    .option('--from <time>', `received from, RFC 3339 or YYYY-MM-DD; default: ${DEFAULT_DAYS} days before --to`)
    .option('--to <time>', 'received before; default: now')
    .option('--tenant <name>', 'this tenant alone')
    .addOption(new Option('--format <format>', 'form of the report').choices(['md', 'json']).default('md'))
    .action(async ({ data, framework: name, from, to, tenant, format }: Options) => {
      const frameworks = await loadFrameworks()
      const framework = frameworks.get(name)
      if (framework === undefined)
        throw new AuditdError('usage', 'report', '--framework', `must be one of ${[...frameworks.keys()].join(', ')}`)
      const endMs = to === undefined ? Date.now() : timeOf('--to', to)
      const startMs = from === undefined ? endMs - DEFAULT_DAYS * 86_400_000 : timeOf('--from', from)
      if (startMs >= endMs) throw new AuditdError('usage', 'report', '--from', 'must lie before --to')
      const period = {
        from: new Date(startMs).toISOString(),
        to: new Date(endMs).toISOString(),
        ...(tenant !== undefined && { tenant }),
      }
      const answers = await answersOf(await loadStatements(), period, (sql) => askStore(sql, data, 'JSONEachRow'))
      const report = { framework, period, answers }
      if (format === 'json') process.stdout.write(`${JSON.stringify(reportAsJson(report), null, 2)}\n`)
      else printShown(reportAsMarkdown(report))
    })
}

function timeOf(option: string, text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new AuditdError('usage', 'report', option, 'must be a time, such as 2026-11-01')
  return ms
}
