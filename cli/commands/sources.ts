/** `sources`: whose telemetry is understood, by which ways, from where it sees, and what it lacks; made from the sources themselves. */
import { type Command, Option } from 'commander'
import { SOURCES } from '../../collector/sources/catalogue.ts'
import type { TelemetrySource, Way } from '../../collector/sources/source.ts'

const WAYS: Readonly<Record<Way, string>> = { spans: 'OTLP spans', logs: 'OTLP logs', json: 'JSON' }

export default function configure(command: Command): void {
  command
    .description('print the sources of foreign telemetry: ways in, vantage, what each lacks')
    .addOption(new Option('--format <format>', 'form of the answer').choices(['md', 'json']).default('md'))
    .action(({ format }: { format: 'md' | 'json' }) => {
      const rows = SOURCES.map(({ name, title, ways, vantage, lacks, basis, note }) => {
        return { name, title, ways, vantage, lacks, basis, note }
      })
      process.stdout.write(format === 'md' ? asMarkdown() : `${JSON.stringify(rows, null, 2)}\n`)
    })
}

function asMarkdown(): string {
  const rows = SOURCES.map(
    (source) =>
      `| ${source.title} | \`${source.name}\` | ${waysOf(source)} | ${source.vantage} | ${source.lacks.join(', ')} | ${source.note} |`,
  )
  const head = ['| Source | Name | Ways in | Seen from | Lacks | Know |', '|---|---|---|---|---|---|']
  return `${[...head, ...rows].join('\n')}\n`
}

const waysOf = ({ ways, basis }: TelemetrySource): string =>
  `${ways.map((way) => WAYS[way]).join(', ')}${basis === 'recorded' ? '' : ' (as documented)'}`
