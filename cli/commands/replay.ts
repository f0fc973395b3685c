/** `replay`: recorded events through the real engine, touching no store. */
import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import { admit } from '../../collector/admit.ts'
import { visible } from '../../connectors/webhook/forms/escape.ts'
import { createEngine } from '../../detectors/engine/engine.ts'
import { RetrySet } from '../../detectors/engine/retry-set.ts'
import { loadRules } from '../../detectors/load.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import { loadConfig } from '../configuration.ts'
import { configuredRules } from '../user-rules.ts'

const CALLER = { tenant: 'default', producer: 'replay', claimed: true }
const LOG = '0'.repeat(32)
const LINE_CHARS = 1_048_576

export default function configure(command: Command): void {
  command
    .description('run recorded AuditEvents (NDJSON) through the rules and print the findings')
    .argument('<file>', 'a file, or - for standard input')
    .option('--json', 'findings as NDJSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const unread = await replay(file, (finding) =>
        process.stdout.write(json ? `${JSON.stringify(finding)}\n` : line(finding)),
      )
      if (unread > 0) throw new AuditdError('event_invalid', 'replay', file, `${unread} lines could not be read`)
    })
}

/** Answers how many lines could not be read; each is reported on stderr and costs its neighbours nothing. */
async function replay(file: string, found: (finding: Finding) => void): Promise<number> {
  const settings = loadConfig(process.env)
  const engine = createEngine(await loadRules(configuredRules(settings)), { stateRows: settings.limits.stateRows })
  const retries = new RetrySet()
  let number = 0
  let unread = 0
  for await (const text of linesOf(file)) {
    number++
    if (text.trim() === '') continue
    const admitted = admitLine(text)
    if ('reason' in admitted) {
      unread++
      process.stderr.write(`replay: line ${number}: ${admitted.reason}\n`)
    } else if (!retries.isRetry(admitted.event)) {
      for (const finding of engine.apply(admitted.event, { log: LOG, partition: 0, offset: number, index: 0 }))
        found(finding)
    }
  }
  return unread
}

/** The file may be anything: a line longer than any event is not kept, and what stands for it is no JSON. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  try {
    const input = file === '-' ? process.stdin : (await open(file)).createReadStream()
    for await (const piece of input.setEncoding('utf8')) {
      const lines = (rest + String(piece)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > LINE_CHARS) rest = '…'
      yield* lines
    }
  } catch (error) {
    throw new AuditdError('usage', 'replay', file, 'cannot be read', error)
  }
  if (rest !== '') yield rest
}

/** A recorded event keeps its receivedAt and tenant; one without them is taken as received when it happened. */
function admitLine(text: string) {
  let candidate: { receivedAt?: unknown; tenant?: unknown; eventTime?: unknown }
  try {
    candidate = JSON.parse(text)
  } catch {
    return { reason: 'not JSON' }
  }
  const tenant = typeof candidate?.tenant === 'string' && candidate.tenant !== '' ? candidate.tenant : CALLER.tenant
  const recorded = typeof candidate?.receivedAt === 'string' && typeof candidate.tenant === 'string'
  const receivedMs = Date.parse(String(candidate?.eventTime))
  const admitted = admit(candidate, { ...CALLER, tenant }, Number.isNaN(receivedMs) ? 0 : receivedMs, recorded)
  return 'event' in admitted ? admitted : { reason: `${admitted.refused.field}: ${admitted.refused.reason}` }
}

const line = (finding: Finding): string =>
  `${finding.eventTime} ${finding.severity.padEnd(8)} ${finding.rule} ${visible(finding.entity)}: saw ${visible(finding.saw)}${finding.expected === '' ? '' : `, expected ${visible(finding.expected)}`}\n`
