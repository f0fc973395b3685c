/** `reveal`: the name behind the key of a principal. Who asked, and why, is an event of the audit before the name is shown. */
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { askService, runningService } from '../admin/running-service.ts'
import { printShown } from '../screen.ts'

interface Options {
  readonly data: string
  readonly by: string
  readonly reason: string
  readonly tenant?: string
  readonly approver?: string
}

export default function configure(command: Command): void {
  command
    .description(
      'the name behind the key of a principal, where servers were told to record it; it is recorded who asked',
    )
    .argument('<principal>', 'key of the principal, or its beginning')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .requiredOption('--reason <text>', 'why')
    .option('--by <name>', 'who asks', userInfo().username)
    .option('--approver <name>', 'second person, where one is needed')
    .option('--tenant <name>', 'tenant of the principal')
    .action(async (principal: string, { data, by: actor, ...asked }: Options) => {
      const service = runningService(data)
      const answer = service && (await askService(service, '/v1/reveal', { principal, actor, ...asked }))
      if (answer === undefined)
        throw new AuditdError('store_unavailable', 'reveal', '--data', 'no service runs on it to record who asked')
      const { name, principal: key, lastSeen } = (await answer.json()) as Record<string, string>
      printShown(`${name}  (${key}, last seen ${lastSeen})`)
    })
}
