/** The engine of rules whose key crosses servers: signals in the order of their log, each once, findings out. */
import type { AuditEvent } from '../../../schemas/event.ts'
import type { Finding } from '../../../schemas/finding.ts'
import type { Position } from '../../../schemas/position.ts'
import type { Facts, Signal } from '../../../schemas/signal.ts'
import type { LoadedRule } from '../../loaded-rule.ts'
import { lineOf } from '../compile.ts'
import type { Coverage, RuleHour } from '../coverage.ts'
import type { EngineCounters, EngineOptions } from '../engine.ts'
import type { Inventory } from '../inventory.ts'
import { RuleEngine } from '../rule-engine.ts'
import { SCOPES, type Scope } from '../scope.ts'
import type { View } from '../view.ts'
import { unpacked, viewOfFacts } from './signal-view.ts'

export class SignalsEngine {
  private readonly engine: RuleEngine

  constructor(rules: readonly LoadedRule[], options: EngineOptions, seen: Coverage) {
    this.engine = new RuleEngine(rules, options, seen)
  }

  get watermarkMs(): number {
    return this.engine.watermarkMs
  }

  /** Whether a hash is known under a former name: then views do not say what signals would. */
  get hasAliases(): boolean {
    return this.engine.aliases.size > 0
  }

  /** A view of the event itself, where the signals of one log are evaluated in its own turn. */
  applyView(line: string, view: View, position: Position | undefined): readonly Finding[] {
    return this.engine.applyView(line, view, false, position)
  }

  /** `inventory`: that of the tenant, where it is kept elsewhere. */
  apply(signal: Signal, inventory?: Inventory): readonly Finding[] {
    const { scope, tenant, serverId, eventType } = signal
    const { aliases, inventories } = this.engine
    if (eventType === 'inventory.snapshot' && inventory === undefined)
      inventories.note({ eventType, tenant, serverId, ...unpacked(signal) } as AuditEvent)
    const isPlain = scope === 'fleet' || (signal.formerHashes === undefined && aliases.size === 0)
    const facts = isPlain ? unpacked(signal) : named(signal, aliases.canonical(asEvent(signal)))
    const view = viewOfFacts(signal, facts, inventory ?? inventories.of(tenant))
    return this.engine.applyView(lineOf(scope, eventType), view, signal.silent === true, signal)
  }

  snapshot(): Map<string, Uint8Array> {
    return this.engine.snapshot()
  }
  restore(chunks: ReadonlyMap<string, Uint8Array>): void {
    this.engine.restore(chunks)
  }
  counters(): EngineCounters {
    return this.engine.counters()
  }
  coverageHours(): readonly RuleHour[] {
    return this.engine.coverageHours()
  }
}

/**
 * Its facts as one event, so that rotated hashes get their first names. What a server says of two names counts for the keys it takes part
 * in alone: there the key stands where elsewhere the server does.
 */
const asEvent = ({ scope, key, tenant, eventTime, formerHashes, ...signal }: Signal): AuditEvent =>
  ({
    ...signal.facts,
    ...signal.lists,
    tenant,
    eventTime,
    serverId: `${scope} ${key}`,
    ...(formerHashes && { formerHashes }),
  }) as AuditEvent

/** The key itself keeps the name under which it was sent. */
function named({ scope, key }: Signal, event: AuditEvent): Facts {
  const { tenant: _, eventTime: __, serverId: ___, formerHashes: ____, ...facts } = event as unknown as Facts
  const columns: readonly string[] = SCOPES[scope as Scope] ?? []
  return columns.length === 0 ? facts : { ...facts, [columns[0]!]: key }
}
