/** What a probe heard, as audit events: read by the same observation as in a server and on the wire, so that hashes and classes are the same. */
import { AuditContext } from '../../collector/instrument/audit-context.ts'
import type { AuditSink } from '../../collector/instrument/delivery/audit-sink.ts'
import { auditEventOf, type PendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import type { RpcMessage } from '../../collector/instrument/messages/request.ts'
import { ServerRegistry } from '../../collector/instrument/registry/registry.ts'
import type { Gateway } from '../../collector/observe/gateway-context.ts'
import { WireConnection } from '../../collector/observe/wire-connection.ts'
import type { AuditEvent } from '../../schemas/event.ts'

/** What is told of a server that is only looked at. A session, a hello and requests of our own are no facts about it. */
const TOLD = new Set(['server.identity', 'tools.registry', 'prompts.registry', 'resources.registry', 'content.finding'])
/** A server that is hostile to whoever lists it makes no more events than that. */
const MAX_EVENTS = 5_000

export interface ProbeObserver {
  fromClient(message: unknown): void
  fromServer(message: unknown): void
  /** The era is known: what was said so far is read now, and from here on at once. */
  begin(era: 'legacy' | 'modern'): void
  /** What there is to tell, in order. */
  events(): readonly AuditEvent[]
}

export function probeObserver(serverId: string, kind: 'stdio' | 'http'): ProbeObserver {
  const pending: PendingEvent[] = []
  const sink: AuditSink = {
    emit: (event) => void (TOLD.has(event.fields.eventType) && pending.length < MAX_EVENTS && pending.push(event)),
    flush: async () => true,
    shutdown: async () => undefined,
    stats: { numbered: 0, sent: 0, dropped: 0, queued: 0, retries: 0, errors: 0 },
    countsOf: () => ({ numbered: 0, dropped: 0, queued: 0 }),
  }
  const options = { sink, vantage: 'gateway' as const, lacks: ['no_principal'], heartbeatMs: 0, registryProbe: false }
  const context = new AuditContext(options, serverId, sink)
  const heard: (() => void)[] = []
  let connection: WireConnection | undefined
  const say = (tell: (to: WireConnection) => void): void => {
    if (connection === undefined) heard.push(() => tell(connection!))
    else tell(connection)
  }
  return {
    fromClient: (message) => say((to) => void to.fromClient(structuredClone(message) as RpcMessage, 0)),
    fromServer: (message) => say((to) => to.fromServer(message as RpcMessage)),
    begin(era) {
      const registry = new ServerRegistry(context, {}, undefined)
      registry.begin('', era)
      const gateway: Gateway = {
        ...{ context, held: { ...sink, release() {} } },
        named: (name, version) => context.describe(name, version),
        registryFor: () => registry,
      }
      connection = new WireConnection(gateway, registry, kind)
      for (const tell of heard.splice(0)) tell()
    },
    events: () => pending.map((event) => auditEventOf(event)),
  }
}
