/** `scan`: definitions, calls, results and changes of a file through the classifiers and rules of live traffic, row by row. */
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import { loadRules } from '../../detectors/load.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { ScanReport } from '../scan/report.ts'
import { scanText } from '../scan/row-scanner.ts'
import { rowTexts } from '../scan/row-texts.ts'
import { configuredRules } from '../user-rules.ts'

export default function configure(command: Command): void {
  command
    .description(
      'rows of definitions, calls, results and changes through the classifiers and rules; prints what each row holds',
    )
    .argument('<file>', 'JSON lines or a JSON array, or - for standard input')
    .option('--json', 'one JSON line for each row, in order')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const unread = await scan(file, json === true)
      if (unread > 0) throw new AuditdError('event_invalid', 'scan', file, `${unread} rows could not be read`)
    })
}

/** Answers how many rows could not be read; the others are scanned all the same. */
async function scan(file: string, json: boolean): Promise<number> {
  const rules = await loadRules(configuredRules(loadConfig(process.env)))
  const report = new ScanReport()
  let unread = 0
  for await (const { text, line } of rowTexts(piecesOf(file))) {
    const scanned = scanText(text, line, rules)
    if ('error' in scanned) unread++
    await print(json ? `${JSON.stringify(scanned)}\n` : report.linesOf(scanned))
  }
  if (!json) await print(report.summary())
  return unread
}

async function* piecesOf(file: string): AsyncGenerator<string> {
  try {
    const input = file === '-' ? process.stdin : (await open(file)).createReadStream()
    for await (const piece of input.setEncoding('utf8')) yield String(piece)
  } catch (error) {
    throw new AuditdError('usage', 'scan', file, 'cannot be read', error)
  }
}

/** Waits while the reader is slower than we are, so that memory stays what it is. */
async function print(text: string): Promise<void> {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain')
}
