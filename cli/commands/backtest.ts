/** `backtest`: rules over stored history, beside what was found then; nobody is alerted and nothing is written. */
import { existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { createEngine } from '../../detectors/engine/engine.ts'
import { type LoadedRules, loadRules, userFiles } from '../../detectors/load.ts'
import { sqlLiteral } from '../../detectors/sql-literal.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { compare, comparisonText } from '../backtest/comparison.ts'
import { history } from '../backtest/history.ts'
import { loadConfig } from '../configuration.ts'
import { printShown } from '../screen.ts'
import { askStore } from '../store-question.ts'
import { configuredRules, userFolderAt } from '../user-rules.ts'

interface Options {
  readonly data: string
  readonly from: string
  readonly to: string
  readonly rules?: string
  readonly config?: string
  readonly warmUp: string
  readonly json?: boolean
}
const HOUR_MS = 3_600_000

export default function configure(command: Command): void {
  command
    .description('run rules over stored events without alerting, and compare with what was found then')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .requiredOption('--from <time>', 'first receipt, RFC 3339')
    .requiredOption('--to <time>', 'end of receipt, RFC 3339')
    .option(
      '--rules <which>',
      'ids with commas, * at the end for all that begin so; or a folder of rules; default: all',
    )
    .option('--config <file>', 'YAML configuration with other options of rules')
    .option('--warm-up <hours>', 'events before --from that fill the state', '24')
    .option('--json', 'one JSON value')
    .action(async (options: Options) => {
      const comparison = await backtest(options)
      if (options.json) process.stdout.write(`${JSON.stringify(comparison, null, 2)}\n`)
      else printShown(comparisonText(comparison))
    })
}

async function backtest({ data, from, to, rules: which, config, warmUp }: Options) {
  const fromMs = instant(from, '--from')
  const toMs = instant(to, '--to')
  if (toMs <= fromMs) throw new AuditdError('usage', 'backtest', '--to', 'must be later than --from')
  const hours = Number(warmUp)
  if (!(hours >= 0)) throw new AuditdError('usage', 'backtest', '--warm-up', 'must be hours')
  const settings = loadConfig(process.env, {}, config)
  const rules = await chosen(which, settings)
  const ids = rules.rules.map(({ id }) => id)
  const ask = (sql: string): Promise<string> => askStore(sql, data, 'JSONCompactEachRow')
  const between = `event_id IN (SELECT event_id FROM events WHERE received_at >= ${time(fromMs)} AND received_at < ${time(toMs)})`
  const live = new Map<string, Set<string>>(ids.map((id) => [id, new Set()]))
  for (const line of (await ask(`SELECT rule, finding_id FROM findings WHERE ${between} LIMIT 100000`)).split('\n')) {
    if (line === '') continue
    const [rule, id] = JSON.parse(line) as [string, string]
    live.get(rule)?.add(id)
  }
  const engine = createEngine(rules, { stateRows: settings.limits.stateRows })
  const start = new Date(fromMs - hours * HOUR_MS).toISOString()
  return compare(engine, history(ask, start, new Date(toMs).toISOString()), fromMs, live, ids)
}

const time = (ms: number): string =>
  `toDateTime64(${sqlLiteral(new Date(ms).toISOString().slice(0, 23).replace('T', ' '))}, 9, 'UTC')`

function instant(text: string, field: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new AuditdError('usage', 'backtest', field, 'must be a time such as 2026-11-24T00:00:00Z')
  return ms
}

/** Rules of a folder alone, or those of the configuration whose ids are named. */
async function chosen(which: string | undefined, settings: ReturnType<typeof loadConfig>): Promise<LoadedRules> {
  if (which !== undefined && existsSync(which) && statSync(which).isDirectory()) {
    const userFolder = userFolderAt(resolve(which))
    const own = new Set(userFiles(userFolder.path).map((file) => file.replace(/^.*\/|\.[jt]s$/g, '')))
    return only(await loadRules({ config: settings.rules, userFolder }), (id) => own.has(id))
  }
  const all = await loadRules(configuredRules(settings))
  if (which === undefined) return all
  const wanted = which.split(',').map((each) => each.trim())
  return only(all, (id) => wanted.some((each) => (each.endsWith('*') ? id.startsWith(each.slice(0, -1)) : id === each)))
}

function only(all: LoadedRules, isWanted: (id: string) => boolean): LoadedRules {
  const rules = all.rules.filter(({ id }) => isWanted(id))
  if (rules.length === 0) throw new AuditdError('usage', 'backtest', '--rules', 'names no rule')
  return { ...all, rules }
}
