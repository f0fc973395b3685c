/** The ports: what the roles ask of a bus, a store, state, an outbox and a target. Each has one contract suite in test/contract. */
import type { Alert } from './alert.ts'
import type { AlertChange, AlertGroup } from './alert-change.ts'
import type { CoverageRow } from './coverage.ts'
import type { AuditEvent } from './event.ts'
import type { Finding } from './finding.ts'
import type { Position } from './position.ts'
import type { Signal } from './signal.ts'
import type { CounterName, GaugeName, LogName } from './telemetry.ts'

/** Wall time, injected so that tests decide it. Milliseconds since 1970. */
export interface Clock {
  nowMs(): number
}

/** Counters, gauges and log lines of the service itself; names only from telemetry.ts. Never arguments, results or tokens. */
export interface Telemetry {
  count(name: CounterName, by: number, labels?: Readonly<Record<string, string>>): void
  gauge(name: GaugeName, value: number, labels?: Readonly<Record<string, string>>): void
  log(name: LogName, fields?: Readonly<Record<string, unknown>>): void
}

/** Who sent it, as the credential proves it. `claimed` when no keys are configured (loopback only). */
export interface Caller {
  readonly tenant: string
  /** Servers this credential may speak for; undefined: any, claimed. */
  readonly servers?: readonly string[]
  readonly producer: string
  readonly claimed: boolean
  /** It may tell facts that rules believe: deployments, approvals, revocations, inventories. A server may not approve itself. */
  readonly governs?: boolean
}

/** Input that was refused: its neighbours passed. `sample` is redacted and at most 2 KB. */
export interface DeadLetter {
  readonly at: string
  readonly component: string
  readonly field: string
  readonly reason: string
  readonly tenant: string
  readonly position?: Position
  /** SHA-256 of the refused bytes: finds repeats without keeping content. */
  readonly digest: string
}
/**
 * The way in of every edge. Candidates are AuditEvent-shaped objects as an adapter read them, not yet validated. Resolves once every
 * good one is durable; refused ones are dead letters and cost their neighbours nothing. Transient AuditdError: nothing is promised, try again.
 */
export interface Intake {
  take(
    candidates: readonly unknown[],
    refused: readonly DeadLetter[],
    caller: Caller,
    /** Where each candidate stood, when it came from a log; its letter says so. */
    positions?: readonly Position[],
  ): Promise<{ readonly accepted: number; readonly rejected: number; readonly reason: string }>
}
export interface DeadLetters {
  add(letters: readonly DeadLetter[]): Promise<void>
}
export interface DeadLetterCount {
  /** How many there ever were, those that are gone by age included. */
  total(): Promise<number>
}

/** One event of the log, with its row as JSONCompactEachRow text when the bus already holds it. */
export interface LoggedEvent {
  readonly event: AuditEvent
  readonly position: Position
}
/** A piece of one partition, in order. `next` is the first offset after it; it may hold nothing. */
export interface LogPiece {
  readonly log: string
  readonly partition: number
  readonly first: number
  readonly next: number
  /** Records of the piece that could not be read. */
  readonly refused: readonly DeadLetter[]
  /** Highest offset known to exist + 1, for lag. */
  readonly high: number
}
export interface LogBatch extends LogPiece {
  readonly entries: readonly LoggedEvent[]
  /** The rows of the batch as a durable file of JSONCompactEachRow lines, when the bus keeps one (embedded). */
  readonly rowsFile?: string
}
/** Signals by the offset of the record that holds them. */
export interface SignalBatch extends LogPiece {
  readonly entries: readonly { readonly offset: number; readonly signal: Signal }[]
}
export interface PartitionHandler<Piece extends LogPiece> {
  /** A partition is ours. Answers the first offset to read; undefined reads from the committed one, else the earliest. */
  assigned(log: string, partition: number): Promise<number | undefined>
  /** Sequential per partition; awaiting it is back pressure. Throwing a transient AuditdError makes the bus offer the batch again. */
  batch(batch: Piece): Promise<void>
  /** Awaited before the partition is given up: finish what is in flight, then forget. */
  revoked(log: string, partition: number): Promise<void>
}
export type LogHandler = PartitionHandler<LogBatch>
export interface Consumption {
  /** Everything before `next` is stored, found and signalled. False: the assignment is over and nothing was committed. */
  commit(partition: number, next: number): Promise<boolean>
  /** Stop reading; in-flight batches end first. */
  close(): Promise<void>
}
/**
 * The log of events. Order is kept within a partition; (tenant, serverId) always maps to one partition. A batch may come again,
 * cut differently, after a restart; a position never changes its event.
 */
export interface EventBus {
  /** Resolves once all events are durable; then and only then may the sender be acknowledged. Transient AuditdError: nothing is promised. */
  publish(events: readonly AuditEvent[]): Promise<void>
  consume(handler: LogHandler): Promise<Consumption>
  close(): Promise<void>
}
/**
 * The log of signals, from the owners of events to the owners of keys. (tenant, scope, key) maps to one partition, a fact about all servers
 * (scope `fleet`) lies in each.
 */
export interface SignalBus {
  /**
   * Signals of one source partition, in the order of their tuples. Resolves once all are durable, and only then may the next be sent: for
   * each target partition one request is in flight. A call that failed is repeated whole; who reads drops what came before.
   */
  publish(signals: readonly Signal[]): Promise<void>
  consume(handler: PartitionHandler<SignalBatch>): Promise<Consumption>
  close(): Promise<void>
}

/** Rows of one insert. `token` names exactly these rows: same token, same bytes. */
export interface RowBatch {
  readonly token: string
  readonly count: number
  /** Files of JSONCompactEachRow lines, in order, or the lines themselves. */
  readonly source: { readonly files: readonly string[] } | { readonly rows: string }
}
export interface RefusedRow {
  readonly line: number
  readonly reason: string
}
export interface QueryOptions {
  readonly format: string
  readonly maxRows?: number
  readonly maxSeconds?: number
  /** A question of the service itself: it does not wait behind those of people. */
  readonly own?: boolean
  readonly parameters?: Readonly<Record<string, unknown>>
}
/** ClickHouse, embedded or a server. Inserts are durable when they resolve and harmless when repeated with the same token. */
export interface EventStore {
  /** Create or migrate the tables. */
  open(): Promise<void>
  /** Rows of `events` (row.ts). One bad row never costs its neighbours: it is found by bisection and reported. */
  insertEvents(batch: RowBatch): Promise<readonly RefusedRow[]>
  insertFindings(findings: readonly Finding[]): Promise<void>
  insertAlerts(alerts: readonly Alert[]): Promise<void>
  /** A row replaces the one with the same tenant, server, rule, hour and part. */
  insertCoverage(rows: readonly CoverageRow[]): Promise<void>
  /** Which positions of offsets [from, to) are stored, as `offset/index`. Asked after a crash, a hand-over or a time-out. */
  storedPositions(log: string, partition: number, from: number, to: number): Promise<ReadonlySet<string>>
  /** Read-only SQL with limits; the whole answer as text in `format`. Throws AuditdError('query_refused') for anything that writes. */
  query(sql: string, options: QueryOptions): Promise<string>
  close(): Promise<void>
}

/** What jobs ask of the store beside reading and writing. */
export interface StoreUpkeep {
  /** Merge what was received on a day (`YYYY-MM-DD`, UTC): copies that late inserts left then stand once in `events` too. */
  mergeDay(day: string): Promise<void>
}

/** State of one partition up to, not including, offset `next`. Chunks are opaque bytes by name. */
export interface Snapshot {
  readonly log: string
  readonly partition: number
  readonly next: number
  readonly ruleSetHash: string
  readonly watermarkMs: number
  readonly chunks: ReadonlyMap<string, Uint8Array>
}
/** What one batch led to. Embedded: one transaction. Kafka: findings acknowledged, then the snapshot with its manifest last. */
export interface Outcome {
  readonly log: string
  readonly partition: number
  readonly next: number
  readonly findings: readonly Finding[]
  readonly snapshot?: Snapshot
}
export interface StateStore {
  /**
   * The complete snapshot with the highest position at or below `notAfter`; a torn one is never returned. One made with the rules
   * `ruleSetHash` comes before any other: during an upgrade the former version may have written the highest, without the state of new rules.
   */
  restore(log: string, partition: number, notAfter?: number, ruleSetHash?: string): Promise<Snapshot | undefined>
  commit(outcome: Outcome): Promise<void>
  close(): Promise<void>
}

/** One alert revision on its way to one target. */
export interface Delivery {
  readonly target: string
  readonly alert: Alert
  /** Stable: alertId and revision. The receiver drops repeats by it. */
  readonly idempotencyKey: string
  readonly attempt: number
  /** Flood control put it into this bundle: told with the others of it in one message, under this key. Its own key: told alone. */
  readonly bundle?: string
}
export type Settlement =
  | { readonly kind: 'delivered' }
  /** It stays due, as a part of `bundle`. Durable before anything of the bundle is sent. */
  | { readonly kind: 'bundled'; readonly bundle: string }
  | { readonly kind: 'retry'; readonly notBeforeMs: number; readonly reason: string }
  | { readonly kind: 'dead'; readonly reason: string }
/** What the alert role makes durable in one step; only then is the cursor of the findings moved. */
export interface AlertUpdate {
  readonly cursor: string
  /** Ids of the findings and changes that were taken in. */
  readonly findingIds: readonly string[]
  /** Decisions about groups: `decisions` answers the last of each. */
  readonly decisions?: readonly AlertChange[]
  readonly alerts: readonly Alert[]
  /** Revisions to deliver, for each target by name. */
  readonly deliveries: readonly { readonly alertId: string; readonly revision: number; readonly target: string }[]
}
/** The next of the log of findings, in order: findings, or one change. */
export interface Taken {
  readonly findings: readonly Finding[]
  /** What people decided meanwhile. */
  readonly changes: readonly AlertChange[]
  readonly cursor: string
}
export interface Outbox {
  /** At least once, waiting until there is something or the signal aborts (then empty). */
  take(limit: number, signal: AbortSignal): Promise<Taken>
  /** Puts findings of our own and decisions of people into the log; they come out of `take` where their alerts are owned. Durable when it resolves. */
  offer(findings: readonly Finding[], changes: readonly AlertChange[]): Promise<void>
  alerts(alertIds: readonly string[]): Promise<ReadonlyMap<string, Alert>>
  /** The last `suppress` or `unsuppress` of each of these groups that was recorded. */
  decisions(groups: readonly AlertGroup[]): Promise<readonly AlertChange[]>
  /** Which of these findings and changes were already taken in, by id. */
  remembered(ids: readonly string[]): Promise<ReadonlySet<string>>
  record(update: AlertUpdate): Promise<void>
  /**
   * Deliveries due for a target, oldest first. A target that is down delays no other. A bundle comes whole, also beyond `limit`, and only
   * when none of it has to wait; an adapter that keeps its members in several places may have made several of it.
   */
  due(target: string, nowMs: number, limit: number): Promise<readonly Delivery[]>
  settle(delivery: Delivery, settlement: Settlement): Promise<void>
  /** Deliveries for a target that are not settled for good, whatever they wait for. */
  waiting(target: string): Promise<number>
  close(): Promise<void>
}

export interface TargetRequest {
  readonly url: string
  /** POST when absent. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export interface TargetAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
/** What an exchange led to, for one delivery. `afterMs`: the whole target rests so long. */
export type TargetVerdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly afterMs?: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
/** What a target may use while it delivers. */
export interface Exchange {
  /** Addresses are checked and pinned, no redirect is followed, answers are capped. Throws AuditdError('target_failed' | 'address_denied'). */
  send(request: TargetRequest): Promise<TargetAnswer>
  readonly clock: Clock
  /** Ends with the service, or with the time of one exchange. */
  readonly signal: AbortSignal
}
/** What goes out, as it is, with every secret left out: for `targets sample`, and for tests of what a service takes. */
export interface TargetPayload {
  /** `POST https://…`, or where else it goes. */
  readonly to: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
/**
 * A target: alerts to payloads (pure), and one exchange. When to deliver, retry, pause, group and leave out stands once, in
 * connectors/webhook.
 */
export interface AlertTarget {
  readonly name: string
  /** Deliveries of one exchange, at most; 1 when absent. */
  readonly together?: number
  /** Least time between two exchanges, milliseconds. */
  readonly paceMs?: number
  /** The payloads of these deliveries: same deliveries, same bodies, whatever the attempt. */
  payloads(deliveries: readonly Delivery[], nowMs: number): readonly TargetPayload[]
  /** A verdict for each delivery, in their order. Throwing a transient AuditdError: nothing is known, all of them are tried again. */
  deliver(deliveries: readonly Delivery[], exchange: Exchange): Promise<readonly TargetVerdict[]>
  /**
   * Rows of the view `events`, as JSON objects by column, where the target takes events too: all of them, or none when it answers
   * anything but `delivered`. `key` is the same when the same rows come again.
   */
  deliverEvents?(rows: readonly EventRow[], key: string, exchange: Exchange): Promise<TargetVerdict>
  /** The payloads of such rows, as `payloads` are those of alerts. */
  eventPayloads?(rows: readonly EventRow[]): readonly TargetPayload[]
  /** Ends what it keeps open. */
  close?(): Promise<void>
}
/** A row of events by column name, times as ClickHouse writes them (`2026-11-24 01:02:03.500000000`), `fields` as JSON text. */
export type EventRow = Readonly<Record<string, unknown>>
