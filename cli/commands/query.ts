/** `query`: read-only SQL against the running service, or the idle data folder. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { shown } from '../screen.ts'
import { askStore } from '../store-question.ts'

export default function configure(command: Command): void {
  command
    .description('run read-only SQL; views: events, events_exact, calls, auth, definitions, findings, alerts, coverage')
    .argument('<sql>', 'a SELECT')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--format <format>', 'a ClickHouse output format', 'PrettyCompactMonoBlock')
    .action(async (sql: string, { data, format }: { data: string; format: string }) => {
      const answer = await askStore(sql, data, format)
      const text = process.stdout.isTTY || FOR_PEOPLE.test(format) ? shown(answer) : answer
      process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
    })
}

/** Formats made to be looked at. Of the others a program wants the bytes, unless a terminal would act on them. */
const FOR_PEOPLE = /^(Pretty|Vertical|Markdown)/i
