/** `up`: the service. Everything in one process, or one role of it. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { loadConfig } from '../configuration.ts'
import { ROLES, type RoleName, startService } from '../service.ts'
import { stopOnSignal } from '../signals.ts'

interface UpOptions {
  readonly data: string
  readonly config?: string
  readonly otlp?: string
  readonly admin?: string
  readonly sql?: string
  readonly bus: 'embedded' | 'kafka'
  readonly store?: string
  readonly role?: RoleName
}

/** After a role failed, the others get this long to end cleanly. */
const STOP_BUDGET_MS = 15_000

export default function configure(command: Command): void {
  command
    .description('run the service: OTLP receiver, detector, store, alerts')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--config <file>', 'YAML configuration (or MCP_AUDITD_CONFIG)')
    .option('--otlp <host:port>', 'OTLP/HTTP receiver')
    .option('--admin <host:port>', 'health, metrics, queries')
    .option('--sql <host:port>', "ClickHouse's HTTP interface, read-only; `off`: none")
    .addOption(new Option('--bus <bus>', 'where events wait').choices(['embedded', 'kafka']).default('embedded'))
    .option('--store <store>', '`embedded`, or the URL of a ClickHouse server (or CLICKHOUSE_URL)')
    .addOption(new Option('--role <role>', 'one role only; needs Kafka and a store URL').choices([...ROLES]))
    .action(async (options: UpOptions) => {
      const store = options.store === 'embedded' ? '' : options.store
      const flags = { otlp: options.otlp, admin: options.admin, sql: options.sql, 'store.url': store }
      const readSettings = (): Config => loadConfig(process.env, flags, options.config)
      const settings = readSettings()
      const configFile = options.config ?? process.env['MCP_AUDITD_CONFIG']
      if (options.role !== undefined && (options.bus !== 'kafka' || settings.store.url === ''))
        throw new AuditdError('usage', 'up', '--role', 'needs --bus kafka and a store URL')
      if (options.bus === 'kafka' && settings.kafka.brokers.length === 0)
        throw new AuditdError('config_invalid', 'up', 'KAFKA_BROKERS', 'required with --bus kafka')
      let failed = false
      const service = await startService({
        settings,
        readSettings,
        ...(configFile && { configFile }),
        dataDir: options.data,
        bus: options.bus,
        roles: options.role === undefined ? ROLES : [options.role],
        onFatal: () => {
          failed = true
          setTimeout(() => process.exit(1), STOP_BUDGET_MS).unref()
          process.kill(process.pid, 'SIGTERM')
        },
        logLevel: process.env['MCP_AUDITD_LOG_LEVEL'] ?? 'info',
      })
      await stopOnSignal(() => service.stop())
      // Never 0: whoever supervises the process must start it again.
      if (failed) process.exitCode = 1
    })
}
