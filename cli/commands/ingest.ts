/** `ingest`: facts for rules, or records of another product, to the running service. */
import { createReadStream, readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { parseAllDocuments } from 'yaml'
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { SOURCES, sourceNamed } from '../../collector/sources/catalogue.ts'
import { recordsIn, recordsOf } from '../../collector/sources/read-json.ts'
import type { TelemetrySource } from '../../collector/sources/source.ts'
import { visible } from '../../connectors/webhook/forms/escape.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { createSender, type Sender } from '../ingest-sender.ts'

const names = SOURCES.filter(({ readJson }) => readJson !== undefined).map(({ name }) => name)
/** A file that is one JSON value is held whole. */
const WHOLE_CHARS = 256 * 1024 * 1024

interface Options {
  readonly source?: string
  readonly url?: string
  readonly token?: string
}

export default function configure(command: Command): void {
  command
    .description(
      'post facts (deployments, approvals, revocations, inventories, advisories) or the records of another product to the running service; JSON, JSON lines, facts also as YAML',
    )
    .argument('<file>', 'a file, or - for standard input')
    .addOption(new Option('--source <name>', 'whose records they are; without it they are facts').choices(names))
    .option('--url <url>', 'where the service takes OTLP; default: the configured listener')
    .option('--token <reference>', 'bearer token: env:NAME, file:PATH or cmd:PROGRAM')
    .action(async (file: string, { source: name, url, token }: Options) => {
      const place = { component: 'ingest', field: '--token' }
      const bearer = token === undefined ? '' : await resolveSecret(token, place)
      const base = url ?? `http://${loadConfig(process.env).otlp}`
      const path = name === undefined ? 'facts' : `sources/${name}`
      const sender = createSender({ url: `${base.replace(/\/$/, '')}/v1/${path}`, bearer })
      const source = name === undefined ? undefined : sourceNamed(name)
      const unread =
        YAML_FILE.test(file) && source === undefined
          ? await ingestYaml(file, sender)
          : await ingest(file, source, sender)
      const { accepted, rejected, reason } = await sender.finish()
      const refused = rejected + unread
      process.stdout.write(`accepted ${accepted}, refused ${refused}\n`)
      if (refused === 0) return
      const why = visible(unread > 0 && reason === '' ? 'not JSON' : reason, 256)
      throw new AuditdError('event_invalid', 'ingest', file, `${refused} records were refused: ${why}`)
    })
}

/** Answers how many lines could not be read; each is reported and costs its neighbours nothing. */
async function ingest(file: string, source: TelemetrySource | undefined, sender: Sender): Promise<number> {
  let number = 0
  let unread = 0
  let whole: string[] | undefined
  let chars = 0
  for await (const line of linesOf(file)) {
    number++
    if (whole !== undefined) {
      chars += line.length
      if (chars > WHOLE_CHARS) throw new AuditdError('usage', 'ingest', file, 'is one JSON value and too large')
      whole.push(line)
      continue
    }
    if (line.trim() === '') continue
    const value = parsed(line)
    if (value === undefined && number === 1) whole = [line]
    else if (value === undefined) {
      unread++
      process.stderr.write(`ingest: line ${number}: not JSON\n`)
    } else for (const record of recordsOfValue(source, value)) await sender.send(record)
  }
  if (whole === undefined) return unread
  // The first line alone was no JSON: the file is one value over many lines.
  const value = parsed(whole.join('\n'))
  if (value === undefined) throw new AuditdError('event_invalid', 'ingest', file, 'is neither JSON nor JSON lines')
  for (const record of recordsOfValue(source, value)) await sender.send(record)
  return 0
}

const recordsOfValue = (source: TelemetrySource | undefined, value: unknown): readonly unknown[] =>
  source === undefined ? recordsOf(value) : recordsIn(source, value)

const YAML_FILE = /\.ya?ml$/i
/** As people write inventories: a list of facts, or one of them for each document. */
async function ingestYaml(file: string, sender: Sender): Promise<number> {
  let documents: ReturnType<typeof parseAllDocuments>
  try {
    documents = parseAllDocuments(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new AuditdError('usage', 'ingest', file, 'cannot be read', error)
  }
  let unread = 0
  for (const [at, document] of [...documents].entries()) {
    if (document.errors.length > 0) {
      unread++
      process.stderr.write(`ingest: document ${at + 1}: ${visible(document.errors[0]!.message.split('\n')[0]!, 256)}\n`)
      continue
    }
    for (const record of recordsOf(document.toJS())) await sender.send(record)
  }
  return unread
}

/** Undefined when it is no JSON; JSON's own null is a record like any other and will be refused. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  try {
    const input = file === '-' ? process.stdin : createReadStream(file)
    for await (const piece of input.setEncoding('utf8')) {
      const lines = (rest + String(piece)).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > WHOLE_CHARS) throw new RangeError('a line is too long')
      yield* lines
    }
  } catch (error) {
    if (error instanceof AuditdError) throw error
    throw new AuditdError('usage', 'ingest', file, 'cannot be read', error)
  }
  if (rest !== '') yield rest
}
