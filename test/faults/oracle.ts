// The oracle: what the store must hold after a run, computed by the real engine over the log as the rows' positions tell it.
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createEngine,
  createSignalsEngine,
  createSourceEngine,
  type SourceEngine,
} from '../../detectors/engine/engine.ts'
import { RetrySet } from '../../detectors/engine/retry-set.ts'
import { SignalSources } from '../../detectors/engine/signals/signal-sources.ts'
import { alertIdOf, groupFinding, NO_RULE_TEXT } from '../../detectors/grouping.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Signal } from '../../schemas/signal.ts'
import type { Sent } from './producer.ts'
import type { Figures, Verdict } from './row.ts'

export interface Evidence {
  /** SQL to the store, answered as TabSeparated. */
  readonly ask: (sql: string) => Promise<string>
  readonly sent: Sent
  readonly rules: LoadedRules
  /** Alert ids a target was told, when there is a target. */
  readonly delivered?: () => ReadonlySet<string>
  /** Rows twice in `events` are a fault: no insert can land after somebody has asked for it. */
  readonly strictEvents: boolean
  /** The log of signals by partition, where there is one: what rules that cross servers find is a function of it. */
  readonly signals?: () => Promise<readonly (readonly Signal[])[]>
  readonly more?: () => Figures['more']
}
interface StoredRow {
  readonly eventId: string
  readonly log: string
  readonly partition: number
  readonly offset: number
  readonly index: number
  readonly type: string
  readonly sequence: number
}
const POLL_MS = 150
/** After everything is right it must stay so: what comes too much comes late. */
const CALM_MS = 500
const LONGEST_MS = 180_000

/** Waits until the store is right, or nothing has changed for `patienceMs`: a slow machine is no fault. Then says what is wrong. */
export async function settle(evidence: Evidence, patienceMs = 20_000): Promise<Verdict> {
  const startedMs = Date.now()
  let changedMs = startedMs
  let before = ''
  for (let calm = false; ; ) {
    const verdict = await judge(evidence).catch(
      (error: Error): Verdict => ({ faults: [`the store does not answer: ${error.message}`] }),
    )
    const good = verdict.faults.length === 0
    const now = JSON.stringify(verdict)
    if (now !== before) changedMs = Date.now()
    before = now
    const late = Date.now() > Math.min(changedMs + patienceMs, startedMs + LONGEST_MS)
    if ((good && calm) || (!good && late)) return verdict
    calm = good
    await sleep(good ? CALM_MS : POLL_MS)
  }
}

async function judge({ ask, sent, rules, delivered, strictEvents, signals, more }: Evidence): Promise<Verdict> {
  const rows = lines(await ask(ROWS)).map(rowOf)
  const stored = new Set(rows.map(({ eventId }) => eventId))
  const [total, distinct] = lines(await ask(COUNTS))[0]!.map(Number) as [number, number]
  const expected = undisturbed(rows, sent.events, rules, await signals?.())
  const findings = idsOf(await ask('SELECT finding_id FROM findings'))
  const alerts = new Map(
    lines(await ask('SELECT alert_id, count FROM alerts')).map(([id, count]) => [id!, Number(count)]),
  )
  const told = delivered?.()
  const faults = [
    ...[...new Set(sent.refused)].slice(0, 3).map((reason) => `refused: ${reason}`),
    ...difference('acknowledged events are missing', sent.acknowledged, stored),
    ...difference('rows were never sent', stored, new Set(sent.events.keys())),
    ...(rows.length > stored.size ? [`${rows.length - stored.size} rows too many in events_exact`] : []),
    ...(strictEvents && total > distinct ? [`${total - distinct} rows too many in events`] : []),
    ...changed(rows, sent.events),
    ...expected.faults,
    ...difference('findings are missing', expected.findings, findings),
    ...difference('findings are too many', findings, expected.findings),
    ...difference('alerts are missing', new Set(expected.alerts.keys()), new Set(alerts.keys())),
    ...difference('alerts are too many', new Set(alerts.keys()), new Set(expected.alerts.keys())),
    ...[...expected.alerts].flatMap(([id, { count }]) =>
      alerts.has(id) && alerts.get(id) !== count ? [`alert ${id} counts ${alerts.get(id)} findings, not ${count}`] : [],
    ),
    ...(told === undefined ? [] : difference('alerts were not delivered', new Set(expected.alerts.keys()), told)),
    ...(told === undefined ? [] : difference('delivered alerts do not exist', told, new Set(expected.alerts.keys()))),
  ]
  const figures: Figures = {
    acknowledged: sent.acknowledged.size,
    stored: stored.size,
    duplicatesInEvents: total - distinct,
    duplicatesInExact: rows.length - stored.size,
    findings: [findings.size, expected.findings.size],
    alerts: [alerts.size, expected.alerts.size],
    more: { ...(told === undefined ? {} : { delivered: told.size }), ...more?.() },
  }
  return { figures, faults }
}

/** What the service tells of its own alerts was never sent. */
const ROWS = `SELECT event_id, position_log, position_partition, position_offset, position_index, event_type, producer_seq
  FROM events_exact WHERE server_id != 'mcp-auditd' ORDER BY position_log, position_partition, position_offset, position_index`
const COUNTS = "SELECT count(), uniqExact(tenant, server_id, event_id) FROM events WHERE server_id != 'mcp-auditd'"

interface Expected {
  readonly findings: ReadonlySet<string>
  readonly alerts: ReadonlyMap<string, Alert>
  /** What is wrong with the log of signals. */
  readonly faults: readonly string[]
}
/**
 * Findings and alerts of one engine per partition over the events in their order. Positions name each event's first copy. With a log of
 * signals, it must hold what the events make, and the rules that cross servers are run over it.
 */
export function undisturbed(
  rows: readonly StoredRow[],
  events: ReadonlyMap<string, AuditEvent>,
  rules: LoadedRules,
  signals?: readonly (readonly Signal[])[],
): Expected {
  const options = { stateRows: 1_000_000 }
  const none = (): readonly Signal[] => []
  const engineOf = (): Pick<SourceEngine, 'apply' | 'signalsOf'> =>
    signals === undefined
      ? Object.assign(createEngine(rules, options), { signalsOf: none })
      : createSourceEngine(rules, options)
  const partitions = new Map<string, { readonly engine: ReturnType<typeof engineOf>; readonly retries: RetrySet }>()
  const found = new Map<string, Finding>()
  const made = new Set<string>()
  for (const { eventId, log, partition, offset, index } of rows) {
    const event = events.get(eventId)
    if (event === undefined) continue
    let owner = partitions.get(`${log}/${partition}`)
    owner ??= { engine: engineOf(), retries: new RetrySet() }
    partitions.set(`${log}/${partition}`, owner)
    const admitted = { ...event, tenant: 'default', serverClaimed: true } as AuditEvent
    if (owner.retries.isRetry(admitted)) continue
    const position = { log, partition, offset, index }
    for (const finding of owner.engine.apply(admitted, position)) found.set(finding.findingId, finding)
    for (const signal of owner.engine.signalsOf(admitted, position)) made.add(tupleOf(signal))
  }
  for (const finding of foundAcross(rules, signals ?? [])) found.set(finding.findingId, finding)
  const lying = new Set((signals ?? []).flat().map(tupleOf))
  const faults = [
    ...difference('signals are missing', made, lying),
    ...difference('signals were never made', lying, made),
  ]
  const alerts = new Map<string, Alert>()
  for (const finding of found.values()) {
    const id = alertIdOf(finding)
    alerts.set(id, groupFinding(alerts.get(id), finding, NO_RULE_TEXT))
  }
  return { findings: new Set(found.keys()), alerts, faults }
}

const tupleOf = ({ log, partition, offset, index, ordinal }: Signal): string =>
  [log, partition, offset, index, ordinal].join('/')

/** Each partition of signals by itself, what came again left out. */
export function foundAcross(rules: LoadedRules, logs: readonly (readonly Signal[])[]): Finding[] {
  return logs.flatMap((signals) => {
    const engine = createSignalsEngine(rules, { stateRows: 1_000_000 })
    const sources = new SignalSources()
    return signals.flatMap((signal) => (sources.isNew(signal) ? [...engine.apply(signal)] : []))
  })
}

/** A row must say what was sent. */
const changed = (rows: readonly StoredRow[], events: ReadonlyMap<string, AuditEvent>): string[] =>
  rows.flatMap(({ eventId, type, sequence }) => {
    const event = events.get(eventId)
    return event === undefined || (event.eventType === type && (event.producerSeq ?? 0) === sequence)
      ? []
      : [`row ${eventId} is not the event that was sent`]
  })

function difference(what: string, wanted: ReadonlySet<string>, there: ReadonlySet<string>): string[] {
  const gone = [...wanted].filter((id) => !there.has(id))
  return gone.length === 0 ? [] : [`${gone.length} ${what}, such as ${gone[0]}`]
}
const lines = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
const idsOf = (text: string): ReadonlySet<string> => new Set(text.split('\n').filter((line) => line !== ''))
const rowOf = ([eventId, log, partition, offset, index, type, sequence]: string[]): StoredRow => ({
  eventId: eventId!,
  log: log!,
  partition: Number(partition),
  offset: Number(offset),
  index: Number(index),
  type: type!,
  sequence: Number(sequence),
})
