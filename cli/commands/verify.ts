/** `verify`: whether any stored row was changed, removed, added or reordered since it was stored; exit 1 when so, and which. */
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { openFolder } from '../proof/data-folder.ts'
import { knownKeys, readKeys } from '../proof/signer.ts'
import { type Verdict, verdictText } from '../proof/verdict.ts'
import { type VerifyOptions, verifyProof } from '../proof/verification.ts'
import { wormSource } from '../proof/worm-source.ts'
import { printShown } from '../screen.ts'

interface Options {
  readonly data?: string
  readonly worm?: string
  readonly from?: string
  readonly to?: string
  readonly key?: string
  readonly json?: true
}

export default function configure(command: Command): void {
  command
    .description('checks every stored row against its signed proof; says which row of which segment was tampered with')
    .option('--data <dir>', 'data folder, of a running service or idle', (dir) => resolve(dir))
    .option('--worm <dir>', 'instead: a folder that `export --worm` has written', (dir) => resolve(dir))
    .option('--from <day>', 'rows received from this day on (UTC)', dayOf)
    .option('--to <day>', 'rows received up to and with this day', dayOf)
    .option('--key <file>', 'public keys (PEM) that alone may have signed')
    .option('--json', 'one JSON object')
    .action(async ({ data, worm, key, json, ...span }: Options) => {
      if ((data === undefined) === (worm === undefined))
        throw new AuditdError('usage', 'verify', '', 'needs either --data or --worm')
      const options = { ...span, ...(key !== undefined && { pinned: readKeys(key) }) }
      const verdict = worm === undefined ? await ofFolder(data!, options) : await verifyProof(wormSource(worm), options)
      if (json === true) process.stdout.write(`${JSON.stringify(verdict, null, 2)}\n`)
      else printShown(verdictText(verdict))
      if (!verdict.isWhole) process.exitCode = 1
    })
}

async function ofFolder(data: string, options: VerifyOptions): Promise<Verdict> {
  const { source, log, questions } = await openFolder(data)
  try {
    return await verifyProof(source, { ...options, ...(log !== undefined && { own: { log, keys: knownKeys(data) } }) })
  } finally {
    await questions.close()
  }
}

/** A day, or a time of which the day counts. */
function dayOf(text: string): string {
  const at = Date.parse(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at))
    throw new InvalidArgumentError('must be YYYY-MM-DD or a time in RFC 3339')
  return new Date(at).toISOString().slice(0, 10)
}
