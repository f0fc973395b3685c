/** What all servers of one id in this process share: producer, keys, sink, registry, heartbeat, and the events not tied to a call. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { LIMITS } from '../../schemas/field.ts'
import type { Bounds } from '../scan/scan.ts'
import { type Instant, instantNow, uuidV7 } from './clock.ts'
import { CapturePolicy } from './content/capture-policy.ts'
import { giveEvidence } from './content/evidence-requests.ts'
import { boundsOf } from './content/scan-bounds.ts'
import type { AuditSink } from './delivery/audit-sink.ts'
import { Overflow } from './delivery/overflow.ts'
import { type Fields, type ProducerFacts, pendingEvent, SCOPE } from './delivery/pending-event.ts'
import { atExit, forgetAtExit } from './delivery/process-end.ts'
import { defaultSink, loggerSink, releaseDefaultSink } from './delivery/sinks.ts'
import { GuardrailDesk } from './guardrails/guardrail-desk.ts'
import { type NameKeys, nameIn, nameKeysOf, sealName } from './identity/display-name.ts'
import { ANONYMOUS, type AuthInfoLike, type Identity, identityOf } from './identity/identity.ts'
import { environmentRing, KeyRing } from './keys/key-ring.ts'
import type { Hashes } from './keys/keys.ts'
import { resolveSecretSync } from './keys/secret.ts'
import type { Elicitation } from './messages/elicitation.ts'
import { HandedOutIds } from './messages/handed-out-ids.ts'
import { type Declared, declarationsFor } from './messages/handles.ts'
import { RecentSet } from './messages/recent-set.ts'
import type { TaskOrigin } from './messages/tasks.ts'
import { namesOf, trustedName } from './names.ts'
import type { InstrumentOptions } from './options.ts'
import { warnOnce } from './process-warning.ts'
import { RegistryLedger } from './registry/registry-ledger.ts'
import type { ServerLike } from './server-shape.ts'

const KEPT_ROUNDS = 4_096
const KEPT_HELLOS = 1_024
/** Rounds of multi-round-trip calls under way, by the keyed hash of the state handed out. */
export interface Round {
  readonly logicalCallId: string
  readonly round: number
  readonly handedOut: Instant
  /** Elicitations that the client was asked for, by key. */
  readonly asked?: ReadonlyMap<string, Elicitation>
  /** Keyed hash of the request that the state was made for. */
  readonly digest?: string | undefined
  uses: number
}

export class AuditContext {
  readonly options: InstrumentOptions
  readonly keyRing: KeyRing
  readonly overflow: Overflow | undefined
  readonly sink: AuditSink
  readonly ledger = new RegistryLedger()
  readonly registryProbe: boolean
  readonly captureLevel: 'shape' | 'minimal'
  readonly scansContent: boolean
  readonly scanBounds: Bounds
  readonly policy: CapturePolicy
  readonly desk: GuardrailDesk | undefined
  readonly rounds = new Map<string, Round>()
  /** Callers and what they said of themselves. */
  readonly hellos = new RecentSet(KEPT_HELLOS)
  /** Tasks under way, by keyed hash, and those that were told to have ended. */
  readonly tasks = new Map<string, TaskOrigin>()
  readonly endedTasks = new RecentSet(KEPT_ROUNDS)
  readonly sessionIds = new HandedOutIds()
  readonly taskIds = new HandedOutIds()
  /** Errors of our own: swallowed, so that no call fails. */
  errors = 0
  private readonly nameKeys: NameKeys | undefined
  private readonly facts: ProducerFacts
  private identities = new WeakMap<object, Identity>()
  /** Switch of keys that these identities are hashed after. */
  private identityEpoch = 0
  private readonly declarations: (tool: string) => Declared | undefined
  private readonly declaredByTool = new Map<string, Declared | undefined>()
  private heartbeat: NodeJS.Timeout | undefined
  private started = false
  private endEvidence: (() => void) | undefined
  private identityTold = ''

  constructor(options: InstrumentOptions, serverId: string, sink: AuditSink) {
    this.options = options
    this.sink = sink
    this.overflow = options.overflow === undefined ? undefined : new Overflow(options.overflow)
    this.keyRing = options.keys === undefined ? environmentRing() : new KeyRing(options.keys)
    this.registryProbe = options.registryProbe ?? true
    this.captureLevel = options.capture ?? 'shape'
    this.scansContent = options.scan ?? this.captureLevel !== 'minimal'
    this.scanBounds = boundsOf(options.scanBounds)
    this.policy = new CapturePolicy(options.captureRules ?? [])
    if (options.guardrail !== undefined)
      this.desk = new GuardrailDesk(options.guardrail.provider, this.hashes.arguments, options.guardrail.limits)
    if (options.displayNames !== undefined) {
      const place = { component: 'instrument', field: 'displayNames.key' }
      const secret = resolveSecretSync(options.displayNames.key, place)
      this.nameKeys = nameKeysOf(secret, place.component, place.field)
    }
    this.declarations = declarationsFor(
      (options.handles ?? []).map((declared) => ({
        ...declared,
        path: declared.path.replace(/^structuredContent\./, ''),
      })),
    )
    this.facts = {
      serverId: trustedName(serverId),
      producerId: uuidV7(instantNow()),
      ...previousOf(sink, trustedName(serverId)),
      integrationVersion: `${SCOPE.name}/${SCOPE.version}`,
      ...(options.vantage === 'gateway' && { vantage: 'gateway' as const }),
      ...(options.buildDigest !== undefined && { buildDigest: trustedName(options.buildDigest) }),
    }
  }

  get serverId(): string {
    return this.facts.serverId
  }
  get hashes(): Hashes {
    return this.keyRing.hashes
  }

  /** `common`: fields shared with other events, one object for all of them. */
  emit(fields: Fields, time?: Instant, common?: Readonly<Record<string, unknown>>): void {
    const { lacks } = this.options
    const told =
      lacks === undefined
        ? fields
        : { ...fields, flags: [...((fields['flags'] as string[] | undefined) ?? []), ...lacks] }
    const event = pendingEvent(this.facts, this.keyRing.stamped(told, common), time, common)
    this.sink.emit(this.overflow?.isExpendable(told['toolName']) ? { ...event, expendable: true } : event)
  }

  /** What an observer on the wire learns of the server; to be said before its sink has encoded the first event. */
  describe(serverName: string | undefined, serverVersion: string | undefined): void {
    Object.assign(this.facts, {
      ...(serverName !== undefined && { serverName: trustedName(serverName) }),
      ...(serverVersion !== undefined && { serverVersion: trustedName(serverVersion) }),
    })
  }

  /** Runs our own code beside a call: whatever it throws is counted and goes no further. */
  guard(run: () => void): void {
    try {
      run()
    } catch {
      this.errors++
    }
  }

  /** The sealed name of a verified person, where the server was told to record it. */
  sealedName(principalKey: string | undefined, payload: Readonly<Record<string, unknown>>): string | undefined {
    if (this.nameKeys === undefined || principalKey === undefined) return undefined
    const name = nameIn(payload)
    return name === undefined ? undefined : sealName(this.nameKeys, principalKey, name)
  }

  /** The caller of a request; computed once per authInfo object. */
  identity(authInfo: AuthInfoLike | undefined): Identity {
    if (authInfo === null || typeof authInfo !== 'object') return ANONYMOUS
    if (this.identityEpoch !== this.keyRing.epoch) {
      this.identities = new WeakMap()
      this.identityEpoch = this.keyRing.epoch
    }
    let identity = this.identities.get(authInfo)
    if (identity === undefined) {
      identity = this.identified(authInfo, this.options.principal) ?? this.identified(authInfo) ?? ANONYMOUS
      this.identities.set(authInfo, identity)
    }
    return identity
  }

  /** A callback that throws is one that does not know: the claims then speak. */
  private identified(authInfo: AuthInfoLike, callback?: InstrumentOptions['principal']): Identity | undefined {
    try {
      return identityOf(authInfo, this.hashes, this.serverId, callback)
    } catch {
      this.errors++
      return undefined
    }
  }

  declared(tool: string): Declared | undefined {
    // Callers choose names: one that no tool can have is not worth remembering.
    if (this.options.handles === undefined || tool.length > LIMITS.nameChars) return undefined
    if (!this.declaredByTool.has(tool)) {
      if (this.declaredByTool.size >= 1_024) this.declaredByTool.clear()
      this.declaredByTool.set(tool, this.declarations(tool))
    }
    return this.declaredByTool.get(tool)
  }

  /** A state handed out: its retry belongs to the same logical call. */
  remember(stateFp: string, round: Omit<Round, 'handedOut' | 'uses'>): void {
    if (this.rounds.size >= KEPT_ROUNDS) this.rounds.delete(this.rounds.keys().next().value!)
    this.rounds.set(stateFp, { ...round, handedOut: instantNow(), uses: 0 })
  }

  /** The round that handed this state out, also when that was before a switch of keys. */
  roundOf(stateFp: string): Round | undefined {
    const round = this.rounds.get(stateFp)
    if (round !== undefined) return round
    const former = this.keyRing.formerOf(stateFp).find((hash) => this.rounds.has(hash))
    return former === undefined ? undefined : this.rounds.get(former)
  }

  /** First connect of a server of this id: server.started, and heartbeats from now on. */
  start(server: ServerLike): void {
    if (this.started) return
    this.started = true
    // Events of one producer are told apart by this object: it is completed before the first event of a server goes out.
    const info = server._serverInfo
    Object.assign(this.facts, {
      ...sdkOf(server),
      ...(typeof info?.name === 'string' && { serverName: trustedName(info.name) }),
      ...(typeof info?.version === 'string' && { serverVersion: trustedName(info.version) }),
    })
    const { authRequired, anonymousMethods, anonymousTools, posture } = this.options
    this.emit({
      eventType: 'server.started',
      authRequired,
      anonymousMethods: namesOf(anonymousMethods),
      anonymousTools: namesOf(anonymousTools),
      captureLevel: this.captureLevel,
      flags: this.hashes.ephemeral ? ['ephemeral_keys'] : undefined,
      ...posture,
      allowedOrigins: namesOf(posture?.allowedOrigins),
    })
    const { evidenceMs = 0, heartbeatMs: everyMs = 30_000 } = this.options
    if (evidenceMs > 0) this.endEvidence = giveEvidence(this.serverId, this.policy, evidenceMs)
    atExit(this.ending)
    if (everyMs > 0) this.heartbeat = setInterval(() => this.beat(), everyMs).unref()
  }

  private counts() {
    const { numbered, dropped, queued, spooled, chainHash } = this.sink.countsOf(this.facts)
    return { eventsSent: numbered, drops: dropped, queued, spooled, chainHash }
  }

  private beat(): void {
    this.keyRing.advance()
    this.guard(() =>
      this.emit({
        eventType: 'server.heartbeat',
        ...this.counts(),
        mode: this.policy.hasEvidence ? 'evidence' : undefined,
        flags: this.hashes.ephemeral ? ['ephemeral_keys'] : undefined,
      }),
    )
  }

  private readonly ending = (): void => this.guard(() => this.stop('the process ended'))

  stop(reason: string): void {
    forgetAtExit(this.ending)
    if (this.heartbeat !== undefined) clearInterval(this.heartbeat)
    this.heartbeat = undefined
    if (this.options.keys !== undefined) this.keyRing.close()
    this.endEvidence?.()
    if (!this.started) return
    this.started = false
    const { eventsSent, drops } = this.counts()
    this.emit({ eventType: 'server.stopped', reason, eventsSent, drops })
  }

  /** What a server says of itself in initialize or server/discover; told when it changes. Answers whether it was told. */
  tellIdentity(fields: Readonly<Record<string, unknown>>, era: 'legacy' | 'modern'): boolean {
    const text = JSON.stringify([era, fields])
    if (text === this.identityTold) return false
    this.identityTold = text
    this.emit({ eventType: 'server.identity', era, ...fields })
    return true
  }
}

/** The instance before this one, when a spool remembers it. */
function previousOf(sink: AuditSink, serverId: string): { previousProducerId?: string } {
  const previous = sink.previousProducer?.(serverId)
  return previous === undefined ? {} : { previousProducerId: previous }
}

/** SDK v2 projects results per era; v1 has no such step. Anything else is not an SDK we know. */
function sdkOf(server: ServerLike): { sdk?: string; sdkVersion?: string } {
  if (typeof server._negotiatedWireCodec === 'function')
    return { sdk: '@modelcontextprotocol/server', ...versionOf('@modelcontextprotocol/server', '') }
  if (server._requestHandlers === undefined) return {}
  return { sdk: '@modelcontextprotocol/sdk', ...versionOf('@modelcontextprotocol/sdk', '/server/mcp.js') }
}

/** Neither SDK exports its package.json: found beside an entry that it does export, from the program that runs. */
function versionOf(name: string, entry: string): { sdkVersion?: string } {
  try {
    const path = createRequire(process.argv[1] ?? import.meta.url).resolve(name + entry)
    const root = path.slice(0, path.lastIndexOf(name.replaceAll('/', sep)) + name.length)
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version?: unknown }
    return typeof version === 'string' ? { sdkVersion: trustedName(version) } : {}
  } catch {
    return {}
  }
}

/** A name is a server with a heartbeat and a series of its own. Whoever makes one for each session would fill the memory of the process. */
const MAX_SERVERS = 1_000
const contexts = new Map<AuditSink, Map<string, AuditContext>>()

function sinkOf(options: InstrumentOptions): AuditSink {
  if (options.sink !== undefined) return options.sink
  return options.loggerProvider === undefined ? defaultSink() : loggerSink(options.loggerProvider)
}

/** The context of a server id and sink: made by whoever comes first, with that one's options. */
export function contextFor(options: InstrumentOptions, fallbackId: string): AuditContext {
  const sink = sinkOf(options)
  let bySink = contexts.get(sink)
  if (bySink === undefined) {
    bySink = new Map()
    contexts.set(sink, bySink)
  }
  const serverId = options.serverId ?? process.env['MCP_AUDIT_SERVER_ID'] ?? fallbackId
  let name = serverId === '' ? 'unknown' : serverId
  if (bySink.size >= MAX_SERVERS && !bySink.has(name)) {
    warnOnce(
      `instrument: serverId: more than ${MAX_SERVERS} names in one process; further ones are told as unknown. Is a name made for each session? MCP_AUDIT_SERVER_ID names them all`,
    )
    name = 'unknown'
  }
  let context = bySink.get(name)
  if (context === undefined) {
    context = new AuditContext(options, name, sink)
    bySink.set(name, context)
  }
  return context
}

/**
 * The context that a verifier speaks for: by its id, else the only one of its sink, or where none is named of the process; undefined
 * while that is not known.
 */
export function knownContext(options: InstrumentOptions): AuditContext | undefined {
  if (options.serverId !== undefined || process.env['MCP_AUDIT_SERVER_ID'] !== undefined) return contextFor(options, '')
  const isAnySink = options.sink === undefined && options.loggerProvider === undefined && contexts.size === 1
  const bySink = isAnySink ? contexts.values().next().value : contexts.get(sinkOf(options))
  return bySink?.size === 1 ? bySink.values().next().value : undefined
}

export async function flushAudit(timeoutMs?: number): Promise<boolean> {
  const flushed = await Promise.all([...contexts.keys()].map((sink) => sink.flush(timeoutMs)))
  return flushed.every((whole) => whole)
}

/** Guardrails under way are waited for, then server.stopped for every server, then the sinks are emptied and closed. */
export async function shutdownAudit(timeoutMs?: number): Promise<void> {
  const desks = [...contexts.values()].flatMap((bySink) => [...bySink.values()].flatMap(({ desk }) => desk ?? []))
  await Promise.all(desks.map((desk) => desk.settled(timeoutMs)))
  const sinks = [...contexts.keys()]
  for (const bySink of contexts.values())
    for (const context of bySink.values()) context.guard(() => context.stop('shutdown'))
  contexts.clear()
  releaseDefaultSink()
  await Promise.all(sinks.map((sink) => sink.shutdown(timeoutMs)))
}
