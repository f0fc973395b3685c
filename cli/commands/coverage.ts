/** `coverage`: where rules could see in the last 24 hours, where they were blind, and what nobody can see from a server. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { BLIND_SPOTS } from '../../detectors/blind-spots.ts'
import { COVERAGE_STATES } from '../../detectors/engine/coverage-state.ts'
import { type CoverageLine, coverageSql, coverageText } from '../coverage-report.ts'
import { printShown } from '../screen.ts'
import { askStore, rowsOf } from '../store-question.ts'

interface Options {
  readonly data: string
  readonly server?: string
  readonly rule?: string
  readonly state?: string
  readonly format: 'text' | 'json'
}

export default function configure(command: Command): void {
  command
    .description('per server and rule: what could be seen in the last 24 hours, and how often it was looked at')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--server <id>', 'this server alone')
    .option('--rule <id>', 'this rule alone')
    .addOption(
      new Option('--state <state>', 'this state alone').choices(COVERAGE_STATES.map((state) => state.toLowerCase())),
    )
    .addOption(new Option('--format <format>', 'form of the answer').choices(['text', 'json']).default('text'))
    .action(async ({ data, format, ...filter }: Options) => {
      const answer = await askStore(coverageSql(filter), data, 'JSONEachRow')
      const lines = rowsOf<CoverageLine>(answer)
      if (format === 'json')
        process.stdout.write(`${JSON.stringify({ coverage: lines, blindSpots: BLIND_SPOTS }, null, 2)}\n`)
      else printShown(coverageText(lines, filter.rule === undefined))
    })
}
