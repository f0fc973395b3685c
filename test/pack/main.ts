/**
 * `npm run test:pack`: the instrument package as it is published, packed and installed beside the real SDKs, runs a tool call on every
 * Node, OpenTelemetry API, SDK and way of loading it, and its events arrive at an OTLP receiver. Asks the package registry.
 * One line each; exit code 1 when one of them fails.
 */
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { build } from '../../deploy/build.ts'
import { programs } from '../e2e/audited-program.ts'
import { findNode20 } from '../node20.ts'
import { type Consumer, consumers } from './consumers.ts'

const ROOT = join(import.meta.dirname, '../..')
/** What a user pays for us: everything that is in node_modules and was not before. */
const MAX_ADDED_BYTES = 5 * 1024 * 1024
const OTEL_API_LINES = ['1.9.0', '1.10.0']

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>
}
const SDKS = ['@modelcontextprotocol/sdk', '@modelcontextprotocol/server'].map(
  (name) => `${name}@${dependencies[name]}`,
)

const counts = { passed: 0, failed: 0, skipped: 0 }
function report(outcome: keyof typeof counts, what: string, why = ''): void {
  counts[outcome]++
  process.stdout.write(`${outcome.padEnd(7)} ${what}${why === '' ? '' : `: ${why}`}\n`)
}

const bytesOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => statSync(join(folder, path)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0)

const npm = (folder: string, ...args: readonly string[]): string =>
  execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
const install = (folder: string, ...packages: readonly string[]): string =>
  npm(folder, 'install', '--silent', '--no-audit', '--no-fund', '--prefer-offline', ...packages)

/** The tarball of the package as built from these sources. */
function packed(into: string): string {
  build(join(into, 'dist'))
  const file = npm(join(into, 'dist/instrument'), 'pack', '--silent', '--pack-destination', into).trim()
  return join(into, basename(file.split('\n').at(-1)!))
}

/** A project with both SDKs, then ours: its node_modules, and what we added to it. */
function project(folder: string, tarball: string, otelApi: string): { packages: string; addedBytes: number } {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  install(folder, ...SDKS)
  const packages = join(folder, 'node_modules')
  const before = bytesOf(packages)
  install(folder, tarball, `@opentelemetry/api@${otelApi}`)
  return { packages, addedBytes: bytesOf(packages) - before }
}

/** Why this consumer was not audited; empty when all is as it should be. */
async function flawOf(bed: Awaited<ReturnType<typeof programs>>, node: string, consumer: Consumer): Promise<string> {
  const ran = await bed.run(consumer.text, { node, kind: consumer.kind, flags: consumer.flags })
  const { stdout, stderr, code, of } = ran
  if (code !== 0 || stderr !== '') return `exit code ${code}, stderr ${JSON.stringify(stderr.slice(0, 400))}`
  if (stdout !== consumer.prints) return `it printed ${JSON.stringify(stdout)}`
  const [calls, results] = [of('tool.call'), of('tool.result')]
  const isWhole = calls.length === 1 && results.length === 1 && of('server.started').length === 1
  if (!isWhole) return `the receiver got ${JSON.stringify(ran.told.map(({ type }) => type))}`
  if (results[0]!.event['outcome'] !== 'ok') return `outcome ${String(results[0]!.event['outcome'])}`
  return calls[0]!.serverId === 'packed' ? '' : `server id ${calls[0]!.serverId}`
}

const work = mkdtempSync(join(realpathSync(tmpdir()), 'mcp-auditd-pack-'))
try {
  const tarball = packed(work)
  const nodes = [
    ['Node 24', process.execPath],
    ['Node 20', findNode20()],
  ] as const
  for (const otelApi of OTEL_API_LINES) {
    const { packages, addedBytes } = project(join(work, otelApi), tarball, otelApi)
    const size = `OTel API ${otelApi}: ${(addedBytes / 1024 / 1024).toFixed(2)} MB added beside the SDKs`
    report(addedBytes <= MAX_ADDED_BYTES ? 'passed' : 'failed', size)
    const hasKafka = readdirSync(packages).includes('kafkajs')
    report(hasKafka ? 'failed' : 'passed', `OTel API ${otelApi}: no Kafka client is installed`)
    const bed = await programs(packages)
    for (const [name, node] of nodes)
      for (const consumer of consumers) {
        const what = `${name}, OTel API ${otelApi}, ${consumer.name}`
        if (node === undefined) report('skipped', what, 'there is no Node 20 on the PATH')
        else {
          const flaw = await flawOf(bed, node, consumer)
          report(flaw === '' ? 'passed' : 'failed', what, flaw)
        }
      }
    await bed.close()
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
process.exitCode = counts.failed === 0 ? 0 : 1
