/**
 * `npm run bench:overhead`: CPU that instrumentation adds to a tool call, ours beside that of others, in one run. Every round measures
 * every combination once, in a process of its own and in a new order, so that neighbours on the machine spare nobody.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { Asked, Measured } from './child.ts'
import { addedBy, bars, type Cell, tables } from './report.ts'
import { LOADS, type Load, STAGES, type Stage } from './stages.ts'
import { VARIANTS, type Variant } from './variants.ts'

const run = promisify(execFile)
const CHILD = join(import.meta.dirname, 'child.ts')
const ROOT = join(import.meta.dirname, '../../..')
/** Peers of the comparison that nothing else needs: installed here when they are first asked for. */
const PACKAGES = join(ROOT, 'node_modules/.cache/mcp-auditd-bench')
const POSTHOG = ['@posthog/mcp@0.16.3', 'posthog-node@5']

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    calls: { type: 'string', default: '6000' },
    stage: { type: 'string', multiple: true, default: [...STAGES] },
    load: { type: 'string', multiple: true, default: [...LOADS] },
    variant: { type: 'string', multiple: true, default: [...VARIANTS] },
    json: { type: 'boolean', default: false },
    /** A run of the bench itself: its figures mean nothing. */
    quick: { type: 'boolean', default: false },
  },
})
const rounds = values.quick ? 1 : Number(values.rounds)
const calls = values.quick ? 200 : Number(values.calls)
const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** The other end of the wire: takes everything, counts the records of others, in another process than the measured ones. */
let sentrySpans = 0
const sink = createServer((request, response) => {
  const chunks: Buffer[] = []
  request
    .on('data', (chunk) => chunks.push(chunk))
    .on('end', () => {
      const body = Buffer.concat(chunks)
      const isPacked = request.headers['content-encoding'] === 'gzip'
      if (request.url?.startsWith('/api/'))
        sentrySpans += spansOf((isPacked ? gunzipSync(body) : body).toString('utf8'))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
})
/** An envelope is lines of JSON; the header of a part says what it is, and of spans how many. */
function spansOf(envelope: string): number {
  const parts = envelope.matchAll(/^\{[^\n]*"type":"(span|transaction)"[^\n]*\}$/gm)
  return [...parts].reduce((sum, [line]) => sum + Number(/"item_count":(\d+)/.exec(line)?.[1] ?? 1), 0)
}

/** Why PostHog cannot be measured; empty when it can. */
function installPosthog(): string {
  if (existsSync(join(PACKAGES, 'node_modules/posthog-node'))) return ''
  try {
    mkdirSync(PACKAGES, { recursive: true })
    writeFileSync(join(PACKAGES, 'package.json'), '{ "private": true }')
    const quiet = ['--silent', '--no-audit', '--no-fund', '--legacy-peer-deps']
    execFileSync('npm', ['install', ...quiet, ...POSTHOG], { cwd: PACKAGES, stdio: 'ignore', timeout: 120_000 })
    return ''
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Records that must have gone out for so many calls: who loses some would look cheap. */
const RECORDS_PER_CALL: Partial<Record<Variant, number>> = { ours: 2, 'otel log': 1, posthog: 1 }

async function measure(asked: Asked): Promise<number> {
  const spansBefore = sentrySpans
  const { stdout } = await run(process.execPath, [CHILD, JSON.stringify(asked)], { maxBuffer: 1 << 24 })
  const { microsPerCall, records } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Measured
  const expected = (RECORDS_PER_CALL[asked.variant] ?? 0) * (asked.calls + asked.warmUp)
  if ((records ?? 0) < expected) throw new Error(`bench: ${asked.variant}: ${records} records of ${expected} went out`)
  const isSampled = asked.variant.startsWith('sentry') && asked.variant !== 'sentry 0 %'
  const [spans, due] = [sentrySpans - spansBefore, asked.calls + asked.warmUp]
  if (isSampled && spans < due) say(`${asked.stage}, ${asked.load}, ${asked.variant}: ${spans} spans of ${due} arrived`)
  return microsPerCall
}

/** Calls before the measured ones, per measured one: V8 compiles what we run until about the ten-thousandth, and that is CPU of the process too. */
const WARM_UP_SHARE = 2

/** Fisher-Yates. */
function shuffled<T>(given: readonly T[]): T[] {
  const out = [...given]
  for (let at = out.length - 1; at > 0; at--) {
    const other = Math.floor(Math.random() * (at + 1))
    ;[out[at], out[other]] = [out[other]!, out[at]!]
  }
  return out
}

const known = <T extends string>(name: string, asked: readonly string[], all: readonly T[]): T[] => {
  const unknown = asked.filter((one) => !all.includes(one as T))
  if (unknown.length > 0) throw new RangeError(`bench: --${name}: ${unknown.join(', ')} is none of ${all.join(', ')}`)
  return all.filter((one) => asked.includes(one))
}
const stages: Stage[] = known('stage', values.stage, STAGES)
const loads: Load[] = known('load', values.load, LOADS)
let variants: Variant[] = known('variant', [...values.variant, 'plain'], VARIANTS)
const skipped: { variant: string; reason: string }[] = []
if (variants.includes('posthog')) {
  const reason = installPosthog()
  if (reason !== '') {
    variants = variants.filter((variant) => variant !== 'posthog')
    skipped.push({ variant: 'posthog', reason })
    say(`skipped: posthog: ${reason}`)
  }
}

await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`
const cells = stages.flatMap((stage) =>
  loads.flatMap((load) => variants.map((variant) => ({ stage, load, variant, microsPerCall: [] as number[] }))),
)
for (let round = 0; round < rounds; round++) {
  say(`round ${round + 1} of ${rounds}: ${cells.length} processes`)
  for (const cell of shuffled(cells)) {
    const { stage, load, variant } = cell
    const asked = { stage, load, variant, url, packages: PACKAGES, calls, warmUp: calls * WARM_UP_SHARE }
    cell.microsPerCall.push(await measure(asked))
  }
}
sink.closeAllConnections()
sink.close()

const measured: readonly Cell[] = cells
if (values.json)
  console.log(JSON.stringify({ rounds, calls, node: process.version, skipped, cells, added: addedBy(measured) }))
else {
  console.log(`${tables(measured)}\n`)
  for (const line of bars(measured)) console.log(line)
  for (const { variant, reason } of skipped) console.log(`not measured: ${variant}: ${reason}`)
}
