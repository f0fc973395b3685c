/** `verify`: whether any stored row was changed, removed, added or reordered since it was stored; exit 1 when so, and which. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../configuration.ts'
import { openFolder } from '../proof/data-folder.ts'
import { knownKeys, readKeys } from '../proof/signer.ts'
import { verdictText } from '../proof/verdict.ts'
import { verifyProof } from '../proof/verification.ts'
import { printShown } from '../screen.ts'

interface Options {
  readonly data: string
  readonly from?: string
  readonly to?: string
  readonly key?: string
  readonly config?: string
  readonly json?: true
}

export default function configure(command: Command): void {
  command
    .description('checks every stored row against its signed proof; says which row of which segment was tampered with')
    .requiredOption('--data <dir>', 'data folder, of a running service or idle', (dir) => resolve(dir))
    .option('--from <day>', 'rows received from this day on (UTC)', dayOf)
    .option('--to <day>', 'rows received up to and with this day', dayOf)
    .option('--key <file>', 'public keys (PEM) that alone may have signed')
    .option('--config <file>', 'settings, for the address of the store')
    .option('--json', 'one JSON object')
    .action(async ({ data, key, json, config, ...span }: Options) => {
      const settings = loadConfig(process.env, {}, config)
      const { source, log, close } = await openFolder(settings, data)
      try {
        const verdict = await verifyProof(source, {
          ...span,
          ...(key !== undefined && { pinned: readKeys(key) }),
          ...(log !== undefined && { own: { log, keys: knownKeys(data) } }),
        })
        if (json === true) process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`)
        else printShown(verdictText(verdict))
        if (!verdict.isWhole) process.exitCode = 1
      } finally {
        await close()
      }
    })
}

/** A day, or a time of which the day counts. */
function dayOf(text: string): string {
  const at = Date.parse(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at))
    throw new InvalidArgumentError('must be YYYY-MM-DD or a time in RFC 3339')
  return new Date(at).toISOString().slice(0, 10)
}
