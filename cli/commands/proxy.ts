/** `proxy`: any HTTP MCP server, in any language, as it is; what passes is told. */
import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { startProxy } from '../../collector/proxy/proxy.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { splitAddress } from '../configuration.ts'
import { checkGatewayAddress, type GatewayAddress } from '../gateway-address.ts'
import { openGatewaySink } from '../gateway-sink.ts'
import { stopOnSignal } from '../signals.ts'

interface ProxyFlags extends GatewayAddress {
  readonly target: string
  readonly listen: string
  readonly serverId?: string
  readonly capture?: 'shape' | 'minimal'
  readonly authRequired?: boolean
  readonly audience?: string[]
  readonly keepHost?: boolean
  readonly ownHost?: string[]
  readonly forwarded: 'pass' | 'add'
  readonly trustHops: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly quiet?: boolean
}

/** The end waits so long for exchanges under way, and for a collector that does not answer. */
const GRACE_MS = 1_000
const FLUSH_MS = 2_000

export default function configure(command: Command): void {
  command
    .description('stand in front of one HTTP MCP server, pass everything on as it is and tell what passes')
    .requiredOption('--target <url>', 'origin of the server; paths pass as they are')
    .requiredOption('--listen <host:port>', 'where clients connect')
    .option('--server-id <id>', 'name of the server in events (default: host and port of the target)')
    .option('--otlp <url>', 'where events go (default: MCP_AUDIT_OTLP_ENDPOINT, else http://127.0.0.1:4318)')
    .option('--kafka <brokers>', 'straight to Kafka instead: HOST:PORT,…')
    .option('--spool <dir>', 'folder where events wait while nobody takes them (default: MCP_AUDIT_SPOOL)')
    .addOption(
      new Option('--capture <level>', 'minimal: no hashes of content (default: shape)').choices(['shape', 'minimal']),
    )
    .option('--auth-required', 'the server serves nobody without authorization: said in its events')
    .option('--audience <audience...>', 'audiences that tokens for this server name')
    .option('--keep-host', 'pass the Host header as it came, for a server that knows its public name')
    .option('--own-host <name...>', 'further names of the proxy itself; requests for them are for the target')
    .addOption(
      new Option('--forwarded <how>', 'X-Forwarded-For, -Proto and -Host: pass as they came, or add our own')
        .choices(['pass', 'add'])
        .default('pass'),
    )
    .option('--trust-hops <count>', 'proxies in front that are believed about the source address', wholeNumber, 0)
    .option('--tls-cert <file>', 'PEM certificate: listen with TLS')
    .option('--tls-key <file>', 'PEM key')
    .option('--quiet', 'say nothing at the start')
    .action(async (flags: ProxyFlags) => {
      const { listen, serverId, capture, authRequired, keepHost, forwarded, quiet } = flags
      const { host, port } = listeningAddress(listen)
      const tls = await tlsOf(flags)
      checkGatewayAddress('proxy', flags)
      const sink = await openGatewaySink(flags)
      const proxy = await startProxy({
        target: flags.target,
        host,
        port,
        sink,
        serverId,
        capture,
        authRequired,
        expectedAudiences: flags.audience,
        keepHost: keepHost ?? false,
        ownHosts: flags.ownHost ?? [],
        forwarding: forwarded,
        trustedHops: flags.trustHops,
        tls,
      }).catch((error: NodeJS.ErrnoException) => {
        if (error instanceof AuditdError) throw error
        throw new AuditdError('config_invalid', 'proxy', '--listen', error.code ?? error.message, error)
      })
      if (!quiet) process.stderr.write(`mcp-auditd proxy: ${proxy.url} for ${flags.target}\n`)
      await stopOnSignal(async () => {
        await proxy.close(GRACE_MS)
        await sink.shutdown(FLUSH_MS)
      })
      process.exit(0)
    })
}

function wholeNumber(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}

function listeningAddress(listen: string): { host: string; port: number } {
  const address = splitAddress(listen)
  if (!/^(\[[0-9a-f:.]+\]|[^\s:[\]]+):\d{1,5}$/i.test(listen) || address.port > 65_535)
    throw new AuditdError('usage', 'proxy', '--listen', 'must be HOST:PORT')
  return address
}

async function tlsOf({ tlsCert, tlsKey }: ProxyFlags): Promise<{ cert: string; key: string } | undefined> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined)
    throw new AuditdError('usage', 'proxy', '--tls-key', 'certificate and key come together')
  const read = (option: string, path: string): Promise<string> =>
    readFile(path, 'utf8').catch((error: unknown) => {
      throw new AuditdError('config_invalid', 'proxy', option, `${path} cannot be read`, error)
    })
  return { cert: await read('--tls-cert', tlsCert), key: await read('--tls-key', tlsKey) }
}
