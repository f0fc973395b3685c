/** `npm run servers`: published servers, each as it is and in every way of watching it: the same answers, and one row of calls per call. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { record } from '../haystack/record/recording.ts'
import { run as commandLine, stop, up } from '../unit/cli/command-line.ts'
import { loadCatalogue, type ServerEntry, WAYS, type Way } from './catalogue.ts'
import { type Run, runServer } from './run.ts'
import { type Cell, isAllGood, isGood, markdown, type Results, type Row, withTable } from './table.ts'

const README = join(import.meta.dirname, '../../collector/instrument/README.md')
const RESULTS = join(import.meta.dirname, '../fixtures/servers/results.json')
const STORED_MS = 10_000

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    'write-readme': { type: 'boolean', default: false },
    'from-results': { type: 'boolean', default: false },
    only: { type: 'string' },
    way: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    /** Instead of comparing: play longer sessions, and write the events that were stored. */
    record: { type: 'string' },
  },
})

interface Watched {
  readonly server: ServerEntry
  readonly way: Way
  readonly serverId: string
  readonly run: Run
}
type Counts = ReadonlyMap<string, { readonly events: number; readonly callRows: number }>

const say = (text: string): void => void process.stderr.write(`${text}\n`)
const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error))

if (values['from-results']) {
  // The last run once more, for a README that was changed in the meantime.
  writeReadme(JSON.parse(readFileSync(RESULTS, 'utf8')) as Results)
  process.exit(0)
}
const scratch = mkdtempSync(join(tmpdir(), 'servers-'))
let failed = false
try {
  const { servers, missing } = await loadCatalogue()
  const { only, way } = values
  const chosen = servers.filter(({ name }) => only === undefined || name.includes(only))
  const data = join(scratch, 'data')
  const service = await up(data)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      service.child.kill('SIGTERM')
      process.exit(1)
    })
  try {
    if (values.record !== undefined)
      await record(values.record, { servers: chosen, otlp: service.otlpUrl, data, scratch, say })
    else await compareAll(chosen, missing, service.otlpUrl, data, only === undefined && way === undefined)
  } finally {
    await stop(service)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
}
process.exitCode = failed ? 1 : 0

/** Every server as it is and in every way of watching it; `isWhole`: nothing was left out, so the README may show it. */
async function compareAll(
  chosen: readonly ServerEntry[],
  missing: readonly string[],
  otlp: string,
  data: string,
  isWhole: boolean,
): Promise<void> {
  const watched = await runAll(chosen, otlp, data, values.way as Way | undefined)
  const counts = await stored(data, watched)
  const results: Results = {
    node: process.versions.node.split('.')[0]!,
    platform: process.platform,
    rows: rowsOf(watched, counts),
    missing,
  }
  failed = failed || !isAllGood(results)
  if (values['write-readme'] && isWhole && !failed) {
    writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 1)}\n`)
    writeReadme(results)
  } else if (values['write-readme']) say('servers: the table stays as it is: it shows a whole run without faults')
  process.stdout.write(values.json ? `${JSON.stringify(results, undefined, 2)}\n` : `${markdown(results)}\n`)
}

function writeReadme(results: Results): void {
  writeFileSync(README, withTable(readFileSync(README, 'utf8'), markdown(results)))
}

async function runAll(
  servers: readonly ServerEntry[],
  otlp: string,
  data: string,
  only: Way | undefined,
): Promise<Watched[]> {
  const watched: Watched[] = []
  for (const [at, server] of servers.entries())
    for (const way of WAYS) {
      if (!server.ways.includes(way) || (only !== undefined && way !== 'plain' && way !== only)) continue
      const serverId = `${at}-${way}`
      const env = { MCP_AUDIT_OTLP_ENDPOINT: otlp, MCP_AUDIT_SERVER_ID: serverId }
      const beganMs = performance.now()
      try {
        const seen = (calls: number): Promise<void> =>
          way === 'plain' ? Promise.resolve() : callRows(data, serverId, calls)
        watched.push({ server, way, serverId, run: await runServer(server, way, join(scratch, 'work'), env, seen) })
      } catch (error) {
        failed = true
        say(`servers: ${server.name} (${server.transport}), ${way}: ${errorText(error)}`)
        continue
      }
      say(`servers: ${server.name} (${server.transport}), ${way}: ${Math.round(performance.now() - beganMs)} ms`)
    }
  return watched
}

async function ask(data: string, sql: string): Promise<[string, number][]> {
  const { code, stdout, stderr } = await commandLine(['query', sql, '--data', data, '--format', 'JSONCompactEachRow'])
  if (code !== 0) throw new Error(stderr)
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as [string, string | number]).map(([id, count]) => [id, Number(count)])
}
async function countsOf(data: string, view: 'events' | 'calls'): Promise<ReadonlyMap<string, number>> {
  return new Map(await ask(data, `SELECT server_id, count() FROM ${view} GROUP BY server_id`))
}

/** Waits until so many calls of a server are stored, or for long enough. */
async function callRows(data: string, serverId: string, calls: number): Promise<void> {
  const untilMs = Date.now() + STORED_MS
  while (((await countsOf(data, 'calls')).get(serverId) ?? 0) < calls && Date.now() < untilMs) await wait(100)
}

/** Rows by server id, once the last words of all are stored. */
async function stored(data: string, watched: readonly Watched[]): Promise<Counts> {
  const last = watched.findLast(({ way }) => way !== 'plain')
  if (last !== undefined) await callRows(data, last.serverId, last.run.calls)
  let [before, events] = [-1, await countsOf(data, 'events')]
  for (let sum = sumOf(events); sum !== before; sum = sumOf(events)) {
    before = sum
    await wait(1_000)
    events = await countsOf(data, 'events')
  }
  const calls = await countsOf(data, 'calls')
  return new Map(
    watched.map(({ serverId }) => [
      serverId,
      { events: events.get(serverId) ?? 0, callRows: calls.get(serverId) ?? 0 },
    ]),
  )
}
function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

/** Entries of one server in one version are one row, whatever they speak over. */
function rowsOf(watched: readonly Watched[], counts: Counts): Row[] {
  const rows = new Map<string, Row & { cells: Cell[] }>()
  for (const { server, way, serverId, run } of watched) {
    const plain = watched.find((other) => other.server === server && other.way === 'plain')
    if (plain === undefined) continue
    const { name, version, sdk, call, transport } = server
    const key = `${name} ${version}`
    const answers = plain.run.answers
    const row = rows.get(key) ?? {
      name,
      version,
      sdk,
      tool: call.name,
      answer: answerKind(answers.call),
      eras: [],
      cells: [],
    }
    const eras = new Set([...row.eras, 'legacy', ...(answers.discover.result === undefined ? [] : ['modern'])])
    const different = differences(plain.run, run)
    const cell: Cell = {
      transport,
      way,
      isSame: different.length === 0,
      different,
      calls: run.calls,
      ...counts.get(serverId)!,
    }
    if (values.verbose && way !== 'plain' && !isGood(cell))
      say(
        `${key} ${transport} ${way}\n  plain ${JSON.stringify(plain.run.answers)}\n  ${way} ${JSON.stringify(run.answers)}`,
      )
    rows.set(key, { ...row, eras: [...eras], cells: [...row.cells, cell] })
  }
  return [...rows.values()]
}

function differences(plain: Run, other: Run): string[] {
  const names = Object.keys({ ...plain.answers, ...other.answers }) as (keyof Run['answers'])[]
  return names.filter((name) => JSON.stringify(plain.answers[name]) !== JSON.stringify(other.answers[name]))
}

function answerKind({ result }: Run['answers']['call']): 'ok' | 'error' {
  return result === undefined || (result as { isError?: boolean }).isError === true ? 'error' : 'ok'
}
