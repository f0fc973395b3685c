/** The service: the roles in one process, on an embedded bus and store or on Kafka and ClickHouse. */
import { mkdirSync } from 'node:fs'
import { createIntake } from '../collector/intake.ts'
import { bearerCallers, claimedCaller } from '../collector/otlp/credentials.ts'
import { createReceiver } from '../collector/otlp/receiver.ts'
import { enricher } from '../detectors/enrich.ts'
import type { Alert } from '../schemas/alert.ts'
import type { Config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { Clock, EventBus, EventStore, Intake } from '../schemas/ports.ts'
import { rowText } from '../schemas/row.ts'
import { startAdmin } from './admin/server.ts'
import { watchBus } from './bus-health.ts'
import { assertLoopbackWithoutKeys, splitAddress } from './configuration.ts'
import { followBearers, loadKeys, warnOf } from './credentials.ts'
import { createEvidenceList } from './evidence.ts'
import { foreignKeys } from './foreign-keys.ts'
import { type ForwardStates, forwardEvents, takesEvents } from './forward/forwarder.ts'
import { sealedEvents } from './forward/sealed-events.ts'
import { loadInventory } from './inventory.ts'
import type { LogEnd, Plumbing, PlumbingParts } from './plumbing.ts'
import { openProof } from './proof/proof.ts'
import { openResponses, withResponses } from './responses/open.ts'
import { runAlertRole } from './roles/alert.ts'
import { startDetectRole } from './roles/detect.ts'
import { type JobsRole, startJobs } from './roles/jobs.ts'
import { openRulePack } from './rule-pack.ts'
import { type SourceTopics, startSourceTopics } from './source-topics.ts'
import { startSqlServer } from './sql/server.ts'
import { createTelemetry, type ServiceTelemetry, traced } from './telemetry.ts'
import { openEmbedded } from './wire-embedded.ts'
import { openKafka } from './wire-kafka.ts'
import { openStore } from './wire-store.ts'
import { openTargets } from './wire-targets.ts'

export const ROLES = ['collect', 'detect', 'alert', 'jobs'] as const
export type RoleName = (typeof ROLES)[number]

export interface ServiceOptions {
  readonly settings: Config
  readonly dataDir: string
  readonly bus: 'embedded' | 'kafka'
  readonly roles: readonly RoleName[]
  readonly logLevel: string
  /** The configuration as it stands now: what it says of rules is taken over while the service runs. */
  readonly readSettings?: () => Config
  readonly configFile?: string
  /** Each alert at its first appearance. */
  readonly onAlert?: (alert: Alert) => void
  /** A role can go on no more: the process should end and be started again. */
  readonly onFatal?: (error: unknown) => void
  /** Sees the bus before the roles do; the demo records traffic here. */
  readonly wrapBus?: (bus: EventBus) => EventBus
}
export interface Service {
  /** Where OTLP is taken; '' without the collect role. */
  readonly otlpUrl: string
  readonly adminUrl: string
  /** ClickHouse's HTTP interface; '' where it is off or its address is taken. */
  readonly sqlUrl: string
  readonly bus: EventBus
  readonly store: EventStore
  readonly telemetry: ServiceTelemetry
  readonly jobs: JobsRole
  /** Resolves once everything published so far is detected and stored, and its alerts are grouped and delivered. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** Everything that was opened, closed in the opposite order. */
class Closers {
  private readonly closers: (() => Promise<void>)[] = []
  add(close: () => Promise<void>): void {
    this.closers.unshift(close)
  }
  /** One that fails keeps no other from being closed; the first failure is thrown at the end. */
  async closeAll(): Promise<void> {
    const failures: unknown[] = []
    for (const close of this.closers.splice(0)) await close().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
}
const SETTLE_POLL_MS = 20
const SETTLE_LIMIT_MS = 45_000

export async function startService(options: ServiceOptions): Promise<Service> {
  const closers = new Closers()
  try {
    return await start(options, closers)
  } catch (error) {
    await closers.closeAll().catch(() => {})
    throw error
  }
}

async function start(options: ServiceOptions, closers: Closers): Promise<Service> {
  const { settings, dataDir, roles } = options
  assertLoopbackWithoutKeys(settings)
  mkdirSync(dataDir, { recursive: true })
  const clock: Clock = { nowMs: () => Date.now() }
  const telemetry = createTelemetry(options.logLevel)
  closers.add(() => telemetry.close())
  if (settings.credentials.length === 0) telemetry.log('insecure')
  const keys = await loadKeys(settings, telemetry)
  const { bearers, stop } = followBearers(settings, keys, telemetry)
  closers.add(async () => stop())
  const pack = await openRulePack({ ...options, clock, telemetry })
  closers.add(async () => pack.close())
  const inventory = loadInventory(settings.inventory)
  let enrich = enricher(pack.rules, inventory)
  const encode: PlumbingParts['encode'] = (event, position) => rowText(event, enrich(event), position)
  const plumbing: Plumbing = await (options.bus === 'kafka' ? openKafka : openEmbedded)({
    settings,
    dataDir,
    keys,
    clock,
    telemetry,
    encode,
  })
  closers.add(() => plumbing.close())
  const { bus, accepts } = watchBus(options.wrapBus?.(plumbing.bus) ?? plumbing.bus, clock, telemetry)
  const store = await openStore(settings, dataDir, telemetry)
  closers.add(() => store.close())
  const proof = await openProof({
    ...{ settings, dataDir, store: store.proof, telemetry, isShared: options.bus === 'kafka' },
    heads: () => detect?.proven() ?? [],
  })
  let fatal: unknown
  const onFatal = (error: unknown): void => {
    fatal ??= error
    telemetry.log('failed', { reason: error instanceof Error ? error.stack : String(error) })
    options.onFatal?.(error)
  }
  const detect = !roles.includes('detect')
    ? undefined
    : await startDetectRole({
        ...plumbing,
        bus,
        store,
        proof,
        rules: pack.rules,
        encode,
        clock,
        telemetry,
        limits: settings.limits,
        onFatal,
      })
  if (detect !== undefined) closers.add(() => detect.stop())
  const forwards = roles.includes('jobs') && takesEvents(settings)
  const targets = roles.includes('alert') || forwards ? await openTargets(settings, telemetry) : undefined
  closers.add(async () => targets?.close())
  const forwarded: ForwardStates = new Map()
  const evidence = createEvidenceList(settings.evidence, clock)
  const alerts = !roles.includes('alert')
    ? undefined
    : await runAlertRole({
        outbox: plumbing.outbox,
        store,
        bus,
        risk: { settings: settings.risk, store },
        ruleText: (id) => pack.rules.rules.find((rule) => rule.id === id),
        targets: withResponses(targets!, await openResponses({ settings, bus, clock, telemetry })),
        clock,
        telemetry,
        onFatal,
        onAlert(alert) {
          evidence.mark(alert)
          options.onAlert?.(alert)
        },
      })
  if (alerts !== undefined) closers.add(() => alerts.stop())
  const jobs = await startJobs({
    context: { settings, store, bus, proof, clock, telemetry, state: plumbing.jobs, deadLetters: plumbing.deadLetters },
    scheduled: roles.includes('jobs'),
    alone: options.bus === 'embedded',
    ...(forwards && {
      whileLeading: (signal) =>
        forwardEvents(
          {
            ...{ ...targets!, events: sealedEvents(store), state: plumbing.jobs },
            ...{ deadLetters: plumbing.deadLetters, states: forwarded, clock, telemetry },
          },
          signal,
        ),
    }),
  })
  closers.add(() => jobs.stop())
  let sources: SourceTopics | undefined
  const otlpUrl = roles.includes('collect') ? await listen() : ''
  const ready = async (): Promise<Record<string, true | string>> => ({
    collect: accepts(),
    store: await store.query('SELECT 1', { format: 'TSV', own: true }).then(
      () => true as const,
      (error: Error) => error.message,
    ),
    detect: fatal === undefined ? true : String(fatal),
    ...(settings.sources.length === 0 ? {} : { sources: sources?.state() ?? true }),
  })
  const context = { settings, dataDir, store, bus, outbox: plumbing.outbox, proof, jobs, clock, telemetry }
  const admin = await startAdmin({
    ...{ address: settings.admin, context, ready },
    ...((alerts ?? targets) && {
      targets: async () => ({
        ...(await alerts?.targets()),
        ...Object.fromEntries([...forwarded].map(([name, state]) => [name, state()] as const)),
      }),
    }),
  })
  closers.add(() => admin.close())
  const sql =
    settings.sql === 'off'
      ? undefined
      : await startSqlServer({
          address: settings.sql,
          database: settings.store.database,
          store,
          keys: bearers,
          telemetry,
        })
  if (sql !== undefined) closers.add(() => sql.close())
  telemetry.log('started', {
    otlp: otlpUrl,
    admin: admin.url,
    sql: sql?.url ?? 'off',
    bus: options.bus,
    roles,
    rules: pack.rules.rules.length,
  })
  pack.follow(
    async (rules) => {
      enrich = enricher(rules, inventory)
      await detect?.useRules(rules)
    },
    (event) => bus.publish([event]),
  )
  return {
    otlpUrl,
    adminUrl: admin.url,
    sqlUrl: sql?.url ?? '',
    bus,
    store,
    telemetry,
    jobs,
    async settled() {
      await reached(await plumbing.end(), () => detect?.progress() ?? [])
      // What the events sent is in the log of signals by now.
      if (plumbing.signalsEnd !== undefined)
        await reached(await plumbing.signalsEnd(), () => detect?.signalsProgress() ?? [])
      await alerts?.idle(telemetry.total('mcp_auditd_findings_total'))
    },
    async stop() {
      await closers.closeAll()
      telemetry.log('stopped')
    },
  }

  async function reached(
    end: readonly LogEnd[],
    progress: () => readonly (LogEnd & { readonly stored?: number })[],
  ): Promise<void> {
    const behind = (): boolean => {
      const at = new Map(progress().map(({ partition, next, stored = next }) => [partition, Math.min(next, stored)]))
      return end.some(({ partition, next }) => (at.get(partition) ?? 0) < next)
    }
    const deadlineMs = clock.nowMs() + SETTLE_LIMIT_MS
    while (fatal === undefined && behind()) {
      if (clock.nowMs() > deadlineMs) {
        const reason = `the log ends at ${JSON.stringify(end)}, detection is at ${JSON.stringify(progress())}`
        throw new AuditdError('bus_unavailable', 'service', 'settled', reason)
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL_MS))
    }
    if (fatal !== undefined) throw fatal
  }

  async function listen(): Promise<string> {
    const inner = createIntake({ bus, deadLetters: plumbing.deadLetters, clock, telemetry })
    const intake: Intake = {
      take: (candidates, refused, caller, positions) =>
        traced('take events', { events: candidates.length }, () => inner.take(candidates, refused, caller, positions)),
    }
    const foreign = foreignKeys(process.env, warnOf(telemetry))
    closers.add(async () => foreign.close())
    const fingerprint = foreign.fingerprint === undefined ? {} : { fingerprint: foreign.fingerprint }
    sources = startSourceTopics({ settings, intake, clock, telemetry, ...fingerprint })
    closers.add(sources.close)
    const receiver = createReceiver({
      intake,
      authenticate: keys.length === 0 ? claimedCaller : bearerCallers(bearers),
      clock,
      telemetry,
      limits: settings.limits,
      evidence: evidence.requestsFor,
      ...fingerprint,
    })
    const { host, port } = splitAddress(settings.otlp)
    const bound = await receiver.listen(host, port)
    closers.add(() => receiver.close())
    return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  }
}
