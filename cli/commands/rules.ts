/** `rules`: the catalogue of rules, made from the rules themselves; trials of one's own rules; what each rule did. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { rulesAsJson, rulesAsMarkdown } from '../../detectors/catalogue.ts'
import { loadRules } from '../../detectors/load.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { attackLayer } from '../rules/attack-layer.ts'
import { type RuleStats, statsSql, statsText } from '../rules/stats.ts'
import { trialText, tryRules } from '../rules/trial-report.ts'
import { printShown } from '../screen.ts'
import { askStore, rowsOf } from '../store-question.ts'
import { configuredRules } from '../user-rules.ts'

const FORMATS = ['md', 'json', 'attack-navigator'] as const
const MAX_HOURS = 24 * 400

export default function configure(command: Command): void {
  command
    .description('print the catalogue of rules; try the rules of a folder; count what each rule did')
    .addOption(new Option('--format <format>', 'form of the answer').choices(FORMATS).default('md'))
    .action(async ({ format }: { format: (typeof FORMATS)[number] }) => {
      const { rules } = await loadRules(configuredRules(loadConfig(process.env)))
      if (format === 'md') process.stdout.write(rulesAsMarkdown(rules))
      else
        process.stdout.write(
          `${JSON.stringify(format === 'json' ? rulesAsJson(rules) : attackLayer(rules), null, 2)}\n`,
        )
    })
  command
    .command('test')
    .description('hold the rules of a folder to the contract and the properties of ours; exit 1 when one is faulty')
    .argument('<dir>', 'folder with TypeScript rules')
    .action(async (dir: string) => {
      const trials = await tryRules(resolve(dir))
      for (const trial of trials) process.stdout.write(`${trialText(trial)}\n`)
      const faulty = trials.filter(({ faults }) => faults.length > 0).length
      if (trials.length === 0) throw new AuditdError('usage', 'rules', dir, 'holds no file named like a rule')
      if (faulty > 0) throw new AuditdError('rule_failed', 'rules', dir, `${faulty} of ${trials.length} are faulty`)
    })
  command
    .command('stats')
    .description('evaluations, findings and alerts of each rule')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--hours <n>', 'how far back', '24')
    .option('--json', 'one JSON line for each rule')
    .action(async ({ data, hours, json }: { data: string; hours: string; json?: boolean }) => {
      const back = Number(hours)
      if (!Number.isInteger(back) || back < 1 || back > MAX_HOURS)
        throw new AuditdError('usage', 'rules', '--hours', `must be a whole number from 1 to ${MAX_HOURS}`)
      const { rules } = await loadRules(configuredRules(loadConfig(process.env)))
      const sql = statsSql(
        back,
        rules.map(({ id }) => id),
      )
      const answer = await askStore(sql, data, 'JSONEachRow')
      if (json) process.stdout.write(answer)
      else printShown(statsText(rowsOf<RuleStats>(answer)))
    })
}
