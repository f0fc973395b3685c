// What the rows about signals stand on: people and clients seen on several servers, what must be found of them, and owners of partitions.
import { setTimeout as sleep } from 'node:timers/promises'
import { loadConfig } from '../../cli/configuration.ts'
import type { Plumbing } from '../../cli/plumbing.ts'
import { type DetectRole, startDetectRole } from '../../cli/roles/detect.ts'
import { openKafka } from '../../cli/wire-kafka.ts'
import { silentTelemetry } from '../../cli/wire-store.ts'
import { type MemoryEventStore, memoryEventStore } from '../../connectors/memory/event-store.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Telemetry } from '../../schemas/ports.ts'
import { sampleRow } from '../contract/samples.ts'
import { found, loaded, refused, source, spread } from '../unit/detectors/crossing-rules.ts'
import type { Random } from './random.ts'
import type { RowContext } from './row.ts'
import { launch } from './service.ts'
import { uuid } from './traffic.ts'

/** Three refusals of one person, three servers of one client: one event more or less and the findings are others. */
export const CROSSING_RULES: LoadedRules = loaded(refused, spread)
export interface WorkerOptions {
  readonly brokers: readonly string[]
  readonly prefix: string
  readonly partitions: number
  /** Time that signals are under way. */
  readonly delayMs: number
}
const START_MS = Date.UTC(2026, 10, 24)
const SERVERS = 8
const clock = { nowMs: () => Date.now() }

export const settingsOf = ({ brokers, prefix, partitions }: Omit<WorkerOptions, 'delayMs'>) =>
  loadConfig({}, {
    kafka: { brokers, partitions, prefix, sessionTimeoutMs: 2_000 },
    targets: {},
  } as never)

/** `count` people and as many clients: each second one is refused, and seen, exactly often enough; the others once less. */
export function story(random: Random, count = 16): AuditEvent[] {
  const events: AuditEvent[] = []
  for (let who = 0; who < count; who++)
    for (let n = 0; n < (who % 2 === 0 ? 3 : 2); n++) {
      const server = (who + n * 3) % SERVERS
      events.push({
        ...{ eventType: 'tool.call', eventId: uuid(random), serverId: `srv-${server}`, tenant: 'default' },
        eventTime: new Date(START_MS + who * 1_000 + n * 10_000).toISOString(),
        receivedAt: new Date(START_MS + 3_600_000).toISOString(),
        ...{ producerId: `${server}`.padStart(32, 'a'), producerSeq: events.length + 1, vantage: 'server' },
        ...{ source: 'native', toolName: 'read', decision: 'deny', clientKey: `client-${who}` },
        principalKey: who.toString(16).padStart(32, 'b'),
      } as AuditEvent)
    }
  return events
}
/** Ids do not depend on the order of servers, so any order tells them. */
export const expectedIds = (events: readonly AuditEvent[]): ReadonlySet<string> =>
  new Set(found(CROSSING_RULES, source(CROSSING_RULES, events).signals).map(({ findingId }) => findingId))

export const prefixOf = (): string => `f${process.pid}-${Date.now().toString(36)}-`
/** Topics and buses of one set-up; closed with the row. */
export async function openPlumbing({ defer }: RowContext, options: Omit<WorkerOptions, 'delayMs'>): Promise<Plumbing> {
  const settings = settingsOf(options)
  const parts = { settings, dataDir: '', keys: [], clock, telemetry: silentTelemetry, encode: sampleRow }
  const plumbing = await openKafka(parts)
  defer(() => plumbing.close())
  return plumbing
}

export interface Owner {
  readonly role: DetectRole
  readonly store: MemoryEventStore
}
/** A detect role in this process. */
export async function own(
  { defer }: RowContext,
  plumbing: Plumbing,
  rules = CROSSING_RULES,
  telemetry: Telemetry = silentTelemetry,
): Promise<Owner> {
  const store = memoryEventStore()
  const role = await startDetectRole({
    ...plumbing,
    ...{ store, rules, encode: sampleRow, clock, telemetry },
    limits: { stateRows: 10_000, snapshotEveryMs: 200, snapshotEveryEvents: 10 },
    onFatal: (error) => {
      throw error
    },
  })
  defer(() => role.stop())
  return { role, store }
}

/** A detect role in a process of its own; resolves when it runs or has ended. */
export async function launchWorker(
  { defer }: RowContext,
  options: WorkerOptions,
  failpoint = '',
): Promise<{ readonly exited: Promise<string>; kill(signal: NodeJS.Signals): void }> {
  const child = launch('test/faults/signals-worker.ts', [JSON.stringify(options)], { MCP_AUDITD_FAILPOINT: failpoint })
  let complained = ''
  child.stderr!.on('data', (chunk) => {
    complained += String(chunk)
  })
  const exited = new Promise<string>((done) =>
    child.once('exit', (code, signal) => done(signal ?? `${code}: ${complained}`)),
  )
  defer(() => child.kill('SIGKILL'))
  await Promise.race([new Promise((done) => child.stdout!.once('data', done)), exited])
  return { exited, kill: (signal) => void child.kill(signal) }
}

/** Polls until it holds or the time is over; then a little longer, because what comes too much comes late. Answers whether it held. */
export async function holdsFinally(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<boolean> {
  for (const deadline = Date.now() + timeoutMs; !(await condition()); await sleep(100))
    if (Date.now() > deadline) return false
  await sleep(800)
  return condition()
}

export function differenceOf(wanted: ReadonlySet<string>, there: ReadonlySet<string>): string[] {
  const missing = [...wanted].filter((id) => !there.has(id)).length
  const extra = [...there].filter((id) => !wanted.has(id)).length
  return [
    ...(missing > 0 ? [`${missing} of ${wanted.size} findings across servers are missing`] : []),
    ...(extra > 0 ? [`${extra} findings across servers are too many`] : []),
  ]
}
