/** `rules`: the catalogue of rules, made from the rules themselves. */
import { type Command, Option } from 'commander'
import { rulesAsJson, rulesAsMarkdown } from '../../detectors/catalogue.ts'
import { loadRules } from '../../detectors/load.ts'

export default function configure(command: Command): void {
  command
    .description('print the catalogue of rules')
    .addOption(new Option('--format <format>', 'form of the answer').choices(['md', 'json']).default('md'))
    .action(async ({ format }: { format: 'md' | 'json' }) => {
      const { rules } = await loadRules()
      process.stdout.write(
        format === 'md' ? rulesAsMarkdown(rules) : `${JSON.stringify(rulesAsJson(rules), null, 2)}\n`,
      )
    })
}
