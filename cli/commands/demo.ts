/** `demo`: the service in a temporary folder, real MCP servers and clients, and the alerts their traffic raises. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { type DemoOptions, runDemo } from '../demo/run.ts'

export default function configure(command: Command): void {
  command
    .description('show it: real MCP servers and clients, attacks and near misses, the alerts they raise')
    .option('--once', 'end by itself; exit 0 only if exactly the expected alerts came')
    .option('--json', 'one NDJSON line for each alert, and a summary')
    .addOption(
      new Option('--bus <bus>', 'where events wait; kafka takes KAFKA_BROKERS or starts a broker')
        .choices(['embedded', 'kafka'])
        .default('embedded'),
    )
    .option('--record <file>', 'write the AuditEvents as received')
    .option('--traffic <file>', 'play recorded AuditEvents instead of live traffic')
    .action(async (options: DemoOptions) => {
      const dataDir = mkdtempSync(join(tmpdir(), 'mcp-auditd-demo-'))
      try {
        const asExpected = await runDemo(options, dataDir)
        if (!asExpected) throw new AuditdError('rule_failed', 'demo', '', 'the alerts are not the expected ones')
      } finally {
        rmSync(dataDir, { recursive: true, force: true })
      }
      // The SDKs' keep-alive sockets would hold the process for seconds.
      process.exit(0)
    })
}
