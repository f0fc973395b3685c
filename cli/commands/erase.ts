/** `erase`: everything that names one subject, with tombstones that keep `verify` green. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ErasureAnswer } from '../proof/erase.ts'
import { throughService } from '../proof/through-service.ts'
import { printShown } from '../screen.ts'

interface Options {
  readonly data: string
  readonly subject: string
  readonly tenant: string
  readonly reason: string
  readonly by: string
  readonly config?: string
  readonly yes?: true
}

export default function configure(command: Command): void {
  command
    .description('erases every event, finding and alert that names a subject; says what it would do unless --yes')
    .requiredOption('--data <dir>', 'data folder, of a running service or idle', (dir) => resolve(dir))
    .requiredOption('--subject <key>', 'principal key, as events name it')
    .option('--tenant <name>', 'tenant of the subject', 'default')
    .requiredOption('--reason <text>', 'why: stands in the tombstones and in the audit event')
    .requiredOption('--by <name>', 'who asks for it')
    .option('--config <file>', 'settings of the service')
    .option('--yes', 'do it')
    .action(async ({ data, config, yes, ...asked }: Options) => {
      const body = { ...asked, trial: yes !== true }
      const answer = await throughService<ErasureAnswer>(data, '/v1/erase', body, config)
      printShown(answerText(answer))
    })
}

const answerText = ({ keys, events, mentions, erased }: ErasureAnswer): string =>
  [
    ...(keys.length > 1 ? [`keys of the subject by rotation: ${keys.join(', ')}`] : []),
    erased
      ? `erased ${events} events and ${mentions} findings and alerts; the rows’ hashes stay, signed`
      : `would erase ${events} events; nothing was done, --yes does it`,
    ...(erased
      ? [
          'not reached: the log of Kafka until its retention, state of rules until it expires, alerts already delivered, WORM copies and backups',
        ]
      : []),
  ].join('\n')
