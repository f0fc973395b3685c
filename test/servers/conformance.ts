/**
 * `npm run conformance`: the official suite against HTTP servers as they are and in every way of watching them. How many checks pass is
 * the server's own affair; what has to be is that each scenario and each check ends as it does without us. Exit 1 when one does not.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startOtlpListener } from '../scenarios/otlp-listener.ts'
import { loadCatalogue, type ServerEntry, WAYS, type Way } from './catalogue.ts'
import { installNpm } from './install.ts'
import { freePort, standing, watchedCommand } from './run.ts'
import { CONFORMANCE } from './versions.ts'

const run = promisify(execFile)
const PACKAGE = '@modelcontextprotocol/conformance'
const SUITE_MS = 600_000
/** The reference server, and the two of ours, which code can watch too. */
const SUBJECTS = /server-everything|^a server of ours/

interface Suite {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
}
interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}
/** Results by scenario. */
type Verdicts = ReadonlyMap<string, readonly Check[]>

const suites = await loadSuites()
const { servers } = await loadCatalogue()
const subjects = servers.filter(({ transport, name }) => transport === 'http' && SUBJECTS.test(name))
const listener = await startOtlpListener()
const scratch = mkdtempSync(join(tmpdir(), 'conformance-'))
let differences = 0
try {
  process.stdout.write(
    '| Server | Suite | Scenarios | Checks | Passed | Way | Events | Different |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n',
  )
  for (const server of subjects)
    for (const suite of suites) {
      let plain: Verdicts | undefined
      for (const way of WAYS) {
        if (!server.ways.includes(way)) continue
        const before = listener.events.length
        const verdicts = await verdictsOf(server, way, suite)
        plain ??= verdicts
        const different = way === 'plain' ? [] : compare(plain, verdicts)
        differences += different.length
        const checks = [...verdicts.values()].flat()
        const passed = checks.filter(({ status }) => status === 'SUCCESS').length
        const cells = [
          server.name,
          suite.name,
          verdicts.size,
          checks.length,
          passed,
          way,
          listener.events.length - before,
          different.join('; ') || 'none',
        ]
        process.stdout.write(`| ${cells.join(' | ')} |\n`)
      }
    }
} finally {
  await listener.close()
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 })
}
process.exitCode = differences === 0 ? 0 : 1

async function loadSuites(): Promise<Suite[]> {
  const program = async (version: string): Promise<string> => {
    const folder = await installNpm(`conformance-${version}`, { [PACKAGE]: version })
    return join(folder, 'node_modules', PACKAGE, 'dist', 'index.js')
  }
  const [stable, next] = [await program(CONFORMANCE.stable), await program(CONFORMANCE.next)]
  return [
    { name: `${CONFORMANCE.stable}, 2025-11-25`, program: stable, args: ['--spec-version', '2025-11-25'] },
    { name: `${CONFORMANCE.next}, 2026-07-28`, program: next, args: ['--requirements', '2026-07-28'] },
  ]
}

async function verdictsOf(server: ServerEntry, way: Way, { program, args }: Suite): Promise<Verdicts> {
  const folder = mkdtempSync(join(scratch, 'run-'))
  const place = { folder, port: await freePort() }
  const audit = { MCP_AUDIT_OTLP_ENDPOINT: listener.url, MCP_AUDIT_SERVER_ID: way }
  const { command, own, proxyEnv } = watchedCommand(server, way, place, audit)
  const { base, close } = await standing(place, command, own, proxyEnv)
  const url = `${base.replace('127.0.0.1', 'localhost')}${server.path}`
  try {
    const argv = [program, 'server', '--url', url, '--output-dir', join(folder, 'out'), ...args]
    // Exit 1 says that checks failed: that is the server's own affair.
    await run(process.execPath, argv, { timeout: SUITE_MS, maxBuffer: 64 * 1_048_576 }).catch(
      (error: { code?: unknown }) => {
        if (error.code !== 1) throw error
      },
    )
    return readVerdicts(join(folder, 'out'), [new URL(url).port, String(place.port)])
  } finally {
    await close()
  }
}

/** Folders are named `server-<scenario>-<time>`; ports are those of the run. */
function readVerdicts(folder: string, ports: readonly string[]): Verdicts {
  const verdicts = new Map<string, readonly Check[]>()
  for (const name of readdirSync(folder).sort()) {
    const scenario = /^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1]
    if (scenario === undefined) continue
    const file = join(folder, name, 'checks.json')
    // A scenario that the suite itself could not carry to its end.
    const checks = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Check[]) : []
    verdicts.set(
      scenario,
      checks.map(({ id, status, errorMessage }) => ({
        id,
        status,
        ...(errorMessage !== undefined && { errorMessage: withoutPorts(errorMessage, ports) }),
      })),
    )
  }
  if (verdicts.size === 0) throw new Error('conformance: the suite ran no scenario')
  return verdicts
}
function withoutPorts(text: string, ports: readonly string[]): string {
  return ports.reduce((rest, port) => rest.replaceAll(port, '@PORT@'), text)
}

function compare(plain: Verdicts, other: Verdicts): string[] {
  const names = [...new Set([...plain.keys(), ...other.keys()])]
  return names.filter((name) => JSON.stringify(plain.get(name)) !== JSON.stringify(other.get(name)))
}
