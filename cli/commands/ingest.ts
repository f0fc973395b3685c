/** `ingest`: a file of another product's own records to the running service, as its producer could have sent them. */
import { createReadStream } from 'node:fs'
import { type Command, Option } from 'commander'
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import { SOURCES, sourceNamed } from '../../collector/sources/catalogue.ts'
import { recordsIn } from '../../collector/sources/read-json.ts'
import type { TelemetrySource } from '../../collector/sources/source.ts'
import { visible } from '../../connectors/webhook/escape.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { createSender, type Sender } from '../ingest-sender.ts'

const names = SOURCES.filter(({ readJson }) => readJson !== undefined).map(({ name }) => name)
/** A file that is one JSON value is held whole. */
const WHOLE_CHARS = 256 * 1024 * 1024

interface Options {
  readonly source: string
  readonly url?: string
  readonly token?: string
}

export default function configure(command: Command): void {
  command
    .description('post the records of another product (JSON or JSON lines) to the running service')
    .argument('<file>', 'a file, or - for standard input')
    .addOption(new Option('--source <name>', 'whose records they are').choices(names).makeOptionMandatory())
    .option('--url <url>', 'where the service takes OTLP; default: the configured listener')
    .option('--token <reference>', 'bearer token: env:NAME, file:PATH or cmd:PROGRAM')
    .action(async (file: string, { source: name, url, token }: Options) => {
      const place = { component: 'ingest', field: '--token' }
      const bearer = token === undefined ? '' : await resolveSecret(token, place)
      const base = url ?? `http://${loadConfig(process.env).otlp}`
      const sender = createSender({ url: `${base.replace(/\/$/, '')}/v1/sources/${name}`, bearer })
      const unread = await ingest(file, sourceNamed(name)!, sender)
      const { accepted, rejected, reason } = await sender.finish()
      const refused = rejected + unread
      process.stdout.write(`accepted ${accepted}, refused ${refused}\n`)
      if (refused === 0) return
      const why = visible(unread > 0 && reason === '' ? 'not JSON' : reason, 256)
      throw new AuditdError('event_invalid', 'ingest', file, `${refused} records were refused: ${why}`)
    })
}

/** Answers how many lines could not be read; each is reported and costs its neighbours nothing. */
async function ingest(file: string, source: TelemetrySource, sender: Sender): Promise<number> {
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
    } else for (const record of recordsIn(source, value)) await sender.send(record)
  }
  if (whole === undefined) return unread
  // The first line alone was no JSON: the file is one value over many lines.
  const value = parsed(whole.join('\n'))
  if (value === undefined) throw new AuditdError('event_invalid', 'ingest', file, 'is neither JSON nor JSON lines')
  for (const record of recordsIn(source, value)) await sender.send(record)
  return 0
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
