/** `requirements`: what the specification asks for, the test that shows it, and what is missing. */
import { type Command, Option } from 'commander'
import { REQUIREMENTS, requirementsAsJson, requirementsAsMarkdown } from '../requirements/manifest.ts'

export default function configure(command: Command): void {
  command
    .description('print the requirement manifest: covered and missing')
    .addOption(new Option('--format <format>', 'form of the answer').choices(['md', 'json']).default('md'))
    .action(({ format }: { format: 'md' | 'json' }) => {
      process.stdout.write(
        format === 'md'
          ? requirementsAsMarkdown(REQUIREMENTS)
          : `${JSON.stringify(requirementsAsJson(REQUIREMENTS), null, 2)}\n`,
      )
    })
}
