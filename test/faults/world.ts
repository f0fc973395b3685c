// What the rows with child processes stand on: addresses, settings, a target that listens, the load, and the oracle's evidence.
import { loadRules } from '../../detectors/load.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { type Evidence, settle } from './oracle.ts'
import { LoadGenerator, type LoadOptions, SENDERS } from './producer.ts'
import type { Figures, RowContext, Verdict } from './row.ts'
import { freeAddress, Service, type UpOptions } from './service.ts'
import { signalLogs } from './signal-logs.ts'
import { Traffic } from './traffic.ts'

const SECRET = `whsec_${Buffer.from('a secret of the fault suite, 32 b').toString('base64')}`
/** A dead member of a group is noticed after this long; the default would make every kill wait half a minute. */
const SESSION_TIMEOUT_MS = 2_000
export const PARTITIONS = 4

export interface World {
  readonly otlp: string
  readonly rules: LoadedRules
  readonly load: LoadGenerator
  readonly delivered: () => ReadonlySet<string>
  /** Options of one `up` with all roles in the folder of the row. */
  readonly up: (more?: Partial<UpOptions>) => UpOptions
  /** Everything acknowledged, settled and compared; `service` answers for the store. */
  readonly verdict: (ask: Evidence['ask'], more?: () => Figures['more'], patienceMs?: number) => Promise<Verdict>
}
export interface WorldOptions {
  readonly limits?: Readonly<Record<string, number>>
  readonly stories?: number
  readonly load?: Partial<LoadOptions>
  readonly nodes?: 1 | 3
  readonly driver?: string
  readonly prefix?: string
  /** Whether rows twice in `events` are a fault; not where an insert of a stopped worker can land after the next has asked. */
  readonly strictEvents?: boolean
}

export async function openWorld(context: RowContext, options: WorldOptions = {}): Promise<World> {
  const rules = await loadRules()
  const otlp = await freeAddress()
  const receiver = await StandardWebhooksReceiver.start({ secret: SECRET })
  context.defer(() => receiver.close())
  const traffic = new Traffic(rules, context.random, SENDERS, options.stories ?? 120)
  const load = new LoadGenerator({ url: `http://${otlp}`, traffic, random: context.random, ...options.load })
  context.defer(() => load.abandon())
  const nodes = options.nodes ?? 1
  const brokers = context.bus === 'kafka' ? (await context.broker(nodes)).brokers : []
  const kafka = {
    brokers,
    partitions: PARTITIONS,
    replicas: nodes,
    prefix: options.prefix ?? `f${process.pid}-${Date.now().toString(36)}-`,
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    ...(options.driver === undefined ? {} : { driver: options.driver }),
  }
  const settings = {
    targets: {
      hook: { type: 'webhook', url: receiver.url, secret: 'env:FAULTS_WEBHOOK_SECRET', minimumSeverity: 'info' },
    },
    allowPrivateTargets: true,
    // Incidents come when the store is looked at, so how many there are is no function of the log.
    risk: { enabled: false },
    limits: { snapshotEveryMs: 400, ...options.limits },
    // A manifest at nearly every snapshot: a row of this suite lasts seconds.
    proof: { sealRows: 40, sealEveryMs: 300 },
    ...(context.bus === 'kafka' ? { kafka } : {}),
  }
  const signals = context.bus === 'kafka' ? signalLogs(context, brokers, kafka.prefix) : undefined
  const delivered = (): ReadonlySet<string> =>
    new Set(receiver.taken.map(({ payload }) => String(payload.data['alertId'])))
  return {
    otlp,
    rules,
    load,
    delivered,
    up: ({ env, ...more } = {}) => ({
      dir: context.dir,
      otlp,
      settings,
      args: context.bus === 'kafka' ? ['--bus', 'kafka'] : [],
      env: { FAULTS_WEBHOOK_SECRET: SECRET, ...env },
      ...more,
    }),
    verdict: (ask, more, patienceMs) =>
      settle(
        {
          ask,
          sent: load.sent,
          rules,
          delivered,
          strictEvents: options.strictEvents ?? true,
          ...(signals && { signals }),
          ...(more && { more }),
        },
        patienceMs,
      ),
  }
}

/** Starts `up` and sees that it ends with the row. */
export async function startUp(context: RowContext, options: UpOptions): Promise<Service> {
  const service = await Service.startReady(options)
  context.defer(async () => {
    if (service.running) await service.end('SIGKILL')
  })
  return service
}
