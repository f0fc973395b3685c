/** The audit context of an observer on the wire: vantage gateway, nobody's identity, and a registry that only listens. */
import { type AuditContext, contextFor } from '../instrument/audit-context.ts'
import type { AuditSink } from '../instrument/delivery/audit-sink.ts'
import { optionsFromEnvironment } from '../instrument/loader/environment-options.ts'
import type { InstrumentOptions } from '../instrument/options.ts'
import { ServerRegistry } from '../instrument/registry/registry.ts'
import { type HeldSink, heldSink } from './held-sink.ts'

export interface Gateway {
  readonly context: AuditContext
  readonly held: HeldSink
  /** What the server says of itself, claimed; only the first one counts. Better late than never, although best before the first event. */
  named(name: string, version: string | undefined): void
  /** Lists that were shown to callers of one era and one set of scopes. */
  registryFor(era: 'legacy' | 'modern', scopeSetHash: string): ServerRegistry
}

/** Sets of scopes with a registry of their own; callers choose them, so the oldest goes. */
const MAX_REGISTRIES = 256

const warn = (message: string): void => void process.stderr.write(`mcp-auditd: ${message}\n`)

/** What the options leave open is read from the environment, as `register` does. `options.serverId`, else MCP_AUDIT_SERVER_ID, else `fallbackId`. `holdMs`: longest wait of the first events for the server's name. */
export function openGateway(
  sink: AuditSink,
  options: Omit<InstrumentOptions, 'sink' | 'vantage' | 'lacks' | 'loggerProvider'>,
  fallbackId: string,
  holdMs?: number,
): Gateway {
  const held = heldSink(sink, holdMs)
  // Nobody on the wire can say who the caller is: tokens are not verified here, and stdio has none.
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const settings = { ...optionsFromEnvironment(process.env, warn), ...said }
  const context = contextFor({ ...settings, sink: held, vantage: 'gateway', lacks: ['no_principal'] }, fallbackId)
  const registries = new Map<string, ServerRegistry>()
  let isNamed = false
  return {
    context,
    held,
    named(name, version) {
      if (isNamed) return
      isNamed = true
      context.describe(name, version)
      held.release()
    },
    registryFor(era, scopeSetHash) {
      const key = `${era}\n${scopeSetHash}`
      let registry = registries.get(key)
      if (registry === undefined) {
        if (registries.size >= MAX_REGISTRIES) registries.delete(registries.keys().next().value!)
        // A server without handlers: nothing is ever asked, only what passes by is read.
        registry = new ServerRegistry(context, {}, undefined)
        registry.begin(scopeSetHash, era)
        registries.set(key, registry)
      }
      return registry
    },
  }
}
