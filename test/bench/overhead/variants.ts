/** What is compared: ours, and what others put around a server. Each is loaded only in the process that measures it. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

export const VARIANTS = [
  'plain',
  'plain again',
  'ours',
  'otel log',
  'sentry 0 %',
  'sentry 100 % without Context',
  'sentry 100 %',
  'sentry with inputs and outputs',
  'posthog',
] as const
export type Variant = (typeof VARIANTS)[number]

export interface Instrumentation {
  /** Around a server; the same one or another. */
  wrap<T extends object>(server: T): T
  /** Called by the tool. */
  handled?: () => void
  /** Sends what is left; answers how many records there were, where that can be known. */
  finish(): Promise<number | undefined>
}
/** Where telemetry goes: takes everything, in another process. `packages`: folder with the peers that are no dependency. */
export interface Surroundings {
  readonly url: string
  readonly packages: string
}

export async function instrumentation(variant: Variant, around: Surroundings): Promise<Instrumentation> {
  if (variant === 'ours') return ours(around.url)
  if (variant === 'otel log') return otelLog()
  if (variant === 'posthog') return posthog(around.packages)
  if (variant.startsWith('sentry')) return sentry(variant, around.url)
  return { wrap: (server) => server, finish: async () => undefined }
}

async function ours(url: string): Promise<Instrumentation> {
  const { createSink, instrumentMcpServer, OtlpAuditExporter } = await import('../../../collector/instrument/index.ts')
  // As much room as the loop may fill before its first turn: what is measured is work, not loss.
  const sink = createSink(new OtlpAuditExporter({ url }), { maxQueued: 200_000 })
  const options = { sink, serverId: 'bench', keys: 'ab'.repeat(32) }
  return {
    wrap: (server) => instrumentMcpServer(server, options),
    async finish() {
      await sink.flush(30_000)
      return sink.stats.sent
    },
  }
}

/** The least that an OpenTelemetry user pays: one record of 25 attributes into a processor that keeps a bounded number. */
const BOUND = 2_048
async function otelLog(): Promise<Instrumentation> {
  const { LoggerProvider } = await import('@opentelemetry/sdk-logs')
  let kept: object[] = []
  let emitted = 0
  const processor = {
    onEmit(record: object) {
      emitted++
      if (kept.push(record) >= BOUND) kept = []
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  }
  const logger = new LoggerProvider({ processors: [processor] }).getLogger('bench')
  return {
    wrap: (server) => server,
    handled() {
      const attributes: Record<string, string | number> = {}
      for (let at = 0; at < 25; at++) attributes[`mcp.attribute.${at}`] = at % 2 === 0 ? 'value' : at
      logger.emit({ eventName: 'mcp.tool.call', severityNumber: 9, body: 'tools/call', attributes })
    },
    finish: async () => emitted,
  }
}

async function sentry(variant: Variant, url: string): Promise<Instrumentation> {
  const Sentry = await import('@sentry/node')
  const isShipped = variant === 'sentry 100 %'
  Sentry.init({
    dsn: `http://key@${new URL(url).host}/1`,
    tracesSampleRate: variant === 'sentry 0 %' ? 0 : 1,
    ...(!isShipped && { integrations: (all) => all.filter(({ name }) => name !== 'Context') }),
  })
  const isRecording = variant === 'sentry with inputs and outputs'
  const options = isRecording
    ? { recordInputs: true, recordOutputs: true }
    : { recordInputs: false, recordOutputs: false }
  return {
    // As shipped, Sentry decides by itself what it records.
    wrap: (server) => Sentry.wrapMcpServerWithSentry(server, isShipped ? undefined : options),
    async finish() {
      await Sentry.flush(10_000)
      return undefined
    },
  }
}

async function posthog(packages: string): Promise<Instrumentation> {
  const file = createRequire(`${packages}/package.json`).resolve('@posthog/mcp')
  const { instrument } = (await import(pathToFileURL(file).href)) as {
    instrument(server: object, client: object): unknown
  }
  let captured = 0
  // Sending is not its own work: the client counts and forgets.
  const client = { capture: () => void captured++, getLibraryId: () => 'bench', getLibraryVersion: () => '1' }
  return {
    wrap(server) {
      instrument(server, client)
      return server
    },
    finish: async () => captured,
  }
}
