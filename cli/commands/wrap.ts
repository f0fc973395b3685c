/** `wrap`: any stdio MCP server, in any language, as it is; what passes is told. */
import { type Command, Option } from 'commander'
import { endLike, startChild } from '../../collector/wrap/child.ts'
import { standardInput, standardOutput } from '../../collector/wrap/standard-streams.ts'
import { checkGatewayAddress, type GatewayAddress } from '../gateway-address.ts'

interface WrapFlags extends GatewayAddress {
  readonly serverId?: string
  readonly capture?: 'shape' | 'minimal'
  readonly verbose?: boolean
}

/** The exit of the server waits so long for a collector that does not answer. */
const FLUSH_MS = 2_000

export default function configure(command: Command): void {
  command
    .description('run a stdio MCP server as it is and tell what passes: wrap [options] -- COMMAND [ARGS…]')
    .argument('<command...>', 'the server and its arguments, after --')
    .option('--server-id <id>', 'name of the server in events (default: its package or program)')
    .option('--otlp <url>', 'where events go (default: MCP_AUDIT_OTLP_ENDPOINT, else http://127.0.0.1:4318)')
    .option('--kafka <brokers>', 'straight to Kafka instead: HOST:PORT,…')
    .option('--spool <dir>', 'folder where events wait while nobody takes them (default: MCP_AUDIT_SPOOL)')
    .addOption(
      new Option('--capture <level>', 'minimal: no hashes of content (default: shape)').choices(['shape', 'minimal']),
    )
    .option('--verbose', 'say at the end, on stderr, what was seen and delivered')
    .action(async (argv: string[], { serverId, capture, verbose, ...where }: WrapFlags) => {
      checkGatewayAddress('wrap', where)
      // stderr is the server's: what Node would print there of our trouble is for those who ask.
      if (verbose !== true) process.removeAllListeners('warning')
      // Before we load what observes: the client waits for the server, not for us. What it says meanwhile waits in its pipe.
      const child = startChild(argv)
      const [{ wrap }, { openGatewaySink }] = await Promise.all([
        import('../../collector/wrap/wrap.ts'),
        import('../gateway-sink.ts'),
      ])
      const sink = await openGatewaySink(where)
      const { ending, unreadMessages } = await wrap({
        argv,
        child,
        sink,
        serverId,
        capture,
        input: standardInput(),
        output: standardOutput(),
      })
      if (ending.fault !== undefined) process.stderr.write(`mcp-auditd wrap: ${ending.fault}\n`)
      await sink.shutdown(FLUSH_MS)
      const { numbered, sent, dropped } = sink.stats
      if (verbose)
        process.stderr.write(
          `mcp-auditd wrap: ${numbered} events, ${sent} delivered, ${dropped} lost; ${unreadMessages} messages passed unread\n`,
        )
      endLike(ending)
    })
}
