/** `export`: stored events, findings or alerts for another system, in its words. */
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { DEFAULT_OCSF_VERSION, OCSF_VERSIONS, type OcsfVersion } from '../../connectors/ocsf/vocabulary.ts'
import { loadRules } from '../../detectors/load.ts'
import { loadConfig } from '../configuration.ts'
import { type Destination, toFile, toStream } from '../export/destination.ts'
import { eventPages } from '../export/event-pages.ts'
import { alertLines, eventLines, FORMATS, type Format, findingLines } from '../export/lines.ts'
import { alertPages, findingPages } from '../export/match-pages.ts'
import { rowAsker } from '../export/question.ts'
import { type Exported, runExport, type Who } from '../export/run.ts'
import { EXPORTED, type Selection, type SelectionOptions, selectionOf, wrong } from '../export/selection.ts'
import { wormTo } from '../proof/worm-command.ts'
import { shown } from '../screen.ts'
import { openQuestions, type Questions } from '../store-question.ts'
import { configuredRules } from '../user-rules.ts'

interface Options extends SelectionOptions {
  readonly worm?: string
  readonly data: string
  readonly format: string
  readonly ocsfVersion: string
  readonly out: string
  readonly force?: boolean
  readonly actor: string
  readonly reason: string
}

export default function configure(command: Command): void {
  command
    .description('events, findings or alerts as OCSF, JSON lines or CSV; each once, in bounded memory')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--from <time>', 'RFC 3339: first receipt of an event, event time of a finding, last time of an alert')
    .option('--to <time>', 'RFC 3339: end of it, itself left out')
    .option('--worm <dir>', 'instead: sealed segments of events with their proof, files written once')
    .option('--what <kind>', EXPORTED.join(', '), 'events')
    .option('--format <format>', FORMATS.join(', '), 'ocsf')
    .option('--ocsf-version <version>', OCSF_VERSIONS.join(', '), DEFAULT_OCSF_VERSION)
    .option('--tenant <tenant>', 'this tenant alone')
    .option('--server <server>', 'this server alone')
    .option('--type <types>', 'event types with commas; of findings and alerts ids of rules')
    .option('--out <file>', 'a file that is there whole or not at all; - for standard output', '-')
    .option('--force', 'replaces the file')
    .option('--actor <name>', 'who exports, for the audit', nameOfUser())
    .option('--reason <text>', 'why, for the audit', '')
    .action(exportAll)
}

async function exportAll(options: Options): Promise<void> {
  if (options.worm !== undefined) return wormTo(options.data, options.worm, options)
  const selection = selectionOf(options)
  const format = oneOf(FORMATS, options.format, '--format')
  const version = oneOf(OCSF_VERSIONS, options.ocsfVersion, '--ocsf-version')
  process.once('SIGINT', () => process.exit(130))
  const questions = await openQuestions(options.data)
  try {
    const destination =
      options.out === '-' ? toStream(process.stdout) : await toFile(resolve(options.out), options.force === true)
    say(selection, await exported(questions, options, selection, format, version, destination))
  } finally {
    await questions.close()
  }
}

async function exported(
  questions: Questions,
  who: Who,
  selection: Selection,
  format: Format,
  version: OcsfVersion,
  destination: Destination,
): Promise<Exported> {
  const parts = [questions, who, selection] as const
  if (selection.what === 'events') {
    const pages = eventPages(rowAsker(questions, 'JSONCompactEachRow'), selection)
    return runExport(...parts, pages, eventLines(format, version), destination)
  }
  const ask = rowAsker(questions, 'JSONEachRow')
  if (selection.what === 'alerts')
    return runExport(...parts, alertPages(ask, selection), alertLines(format, version), destination)
  const refs = format === 'ocsf' ? await refsOfRules() : new Map<string, readonly string[]>()
  return runExport(...parts, findingPages(ask, selection), findingLines(format, version, refs), destination)
}

async function refsOfRules(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rules } = await loadRules(configuredRules(loadConfig(process.env)))
  return new Map(rules.map(({ id, refs }) => [id, refs]))
}

/** On stderr: standard output may be the export itself. */
function say({ what }: Selection, { written, left, audited }: Exported): void {
  const lines = [
    `${written} ${what}${audited ? ', told to the audit' : '; no service is running that could take it down'}`,
    ...[...left].map(([type, { count, reason }]) => `without a class of OCSF here: ${count} ${type} (${reason})`),
  ]
  process.stderr.write(`${shown(lines.join('\n'))}\n`)
}

function oneOf<const T extends string>(known: readonly T[], value: string, option: string): T {
  const found = known.find((each) => each === value)
  if (found === undefined) throw wrong(option, `must be one of ${known.join(', ')}`)
  return found
}

function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that has no name.
    return String(process.getuid?.() ?? '')
  }
}
