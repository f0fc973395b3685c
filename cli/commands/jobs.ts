/** `jobs`: what the service does on schedule, how it last went, and one run now. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { lockFolder } from '../../connectors/ledger/folder-lock.ts'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { askService, runningService } from '../admin/running-service.ts'
import { loadConfig } from '../configuration.ts'
import { type JobLine, type JobRecord, listJobs } from '../roles/jobs.ts'
import { printShown } from '../screen.ts'
import { silentTelemetry } from '../wire-store.ts'

interface Options {
  readonly data: string
  readonly config?: string
  readonly json?: boolean
}

export default function configure(command: Command): void {
  command.description('what the service does on schedule: retention, checkpoints, probes, feeds, the digest')
  const shared = (sub: Command): Command =>
    sub
      .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
      .option('--config <file>', 'YAML configuration of the idle folder (or MCP_AUDITD_CONFIG)')
      .option('--json', 'machine-readable')
  shared(command.command('list').description('each job with its schedule, its last and its next run')).action(
    async ({ data, config, json }: Options) => {
      const lines = await listed(data, config)
      if (json === true) process.stdout.write(`${JSON.stringify(lines, null, 2)}\n`)
      else printShown([...lines.map(lineText), ledText(lines)].join('\n'))
    },
  )
  shared(command.command('run').description('run one now, in the running service or on the idle folder'))
    .argument('<name>', 'name of the job')
    .action(async (name: string, { data, config, json }: Options) => {
      const record = await run(name, data, config)
      if (json === true) process.stdout.write(`${JSON.stringify(record, null, 2)}\n`)
      else printShown(`${name}: ${outcomeText(record)}`)
      if (record.result !== 'ok') process.exitCode = 1
    })
}

async function listed(dataDir: string, config: string | undefined): Promise<readonly JobLine[]> {
  const service = runningService(dataDir)
  const answer = service === undefined ? undefined : await askService(service, '/v1/jobs')
  if (answer !== undefined) return ((await answer.json()) as { jobs: JobLine[] }).jobs
  assertFolder(dataDir)
  const clock = { nowMs: () => Date.now() }
  const unlock = lockFolder(dataDir)
  const ledger = openLedger(join(dataDir, 'ledger'), clock, silentTelemetry)
  try {
    return await listJobs(loadConfig(process.env, {}, config), ledger.jobs, clock)
  } finally {
    await ledger.close()
    unlock()
  }
}

/** On an idle folder the service is started without its listeners and without its schedule; what the job publishes is detected and stored. */
async function run(name: string, dataDir: string, config: string | undefined): Promise<JobRecord> {
  const running = runningService(dataDir)
  const answer = running === undefined ? undefined : await askService(running, '/v1/jobs/run', { name })
  if (answer !== undefined) return (await answer.json()) as JobRecord
  assertFolder(dataDir)
  // Only here: the list answers in half the time without it.
  const { ROLES, startService } = await import('../service.ts')
  const settings = loadConfig(process.env, { otlp: '127.0.0.1:0', admin: '127.0.0.1:0', sql: 'off' }, config)
  const roles = ROLES.filter((role) => role !== 'jobs')
  const service = await startService({ settings, dataDir, bus: 'embedded', roles, logLevel: 'error' })
  try {
    const record = await service.jobs.run(name)
    await service.settled()
    return record
  } finally {
    await service.stop()
  }
}

function assertFolder(dataDir: string): void {
  if (!existsSync(join(dataDir, 'ledger')))
    throw new AuditdError('config_invalid', 'jobs', '--data', `${dataDir} holds no service, and none runs there`)
}

const at = (ms: number | undefined): string => (ms === undefined ? '-' : new Date(ms).toISOString().slice(0, 16))
const lineText = (line: JobLine): string =>
  [
    line.name.padEnd(28),
    line.schedule.padEnd(14),
    line.startedAtMs === undefined ? 'never ran' : `last ${at(line.startedAtMs)} ${outcomeText(line)}`,
    line.enabled ? `next ${at(line.nextAtMs)}` : 'off',
    ...(line.running ? ['running'] : []),
  ].join('  ')
const ledText = (lines: readonly JobLine[]): string =>
  lines.some(({ leads }) => leads)
    ? 'this process runs them'
    : 'not run by this process: another replica does, or nobody'
const outcomeText = ({ result, tookMs, said }: Partial<JobRecord>): string =>
  `${result} in ${tookMs} ms${said === undefined || said === '' ? '' : `: ${said}`}`
