/** Risk of whom alerts are about: added up in the store after new alerts, and raised as a finding of its own through the outbox. */
import { backoffMs, Doorbell, type Random, type Sleep } from '../../connectors/webhook/delivery/pauses.ts'
import { INCIDENT_RULE, incidentFinding, type SubjectRisk } from '../../detectors/incident.ts'
import type { Config } from '../../schemas/config.ts'
import { isTransient } from '../../schemas/errors.ts'
import type { Clock, EventStore, Outbox, Telemetry } from '../../schemas/ports.ts'
import { rowsOf } from '../store-question.ts'

/** New alerts wait so long for others before they are added up. */
const PAUSE_MS = 3_000
/** Looked at also without new alerts of this process: others have some, and a store may have been slow. */
const EVERY_MS = 60_000
const BACKOFF = { baseMs: 1_000, capMs: 60_000 }
/** Subjects of one look; the gravest first. */
const MOST = 1_000

/**
 * The figures of the view `entity_risk`, over any window: as of the subject's last alert, so that the same alerts are always worth the same.
 * Parameters: now, window (milliseconds), threshold.
 */
export const RISK_SQL = `
SELECT tenant, subject_kind, subject, round(sum(worth), 2) AS score, groupArray(alert_id) AS alert_ids, groupUniqArray(rule) AS rules,
  groupUniqArrayIf(rule, severity IN ('high', 'critical')) AS grave_rules, groupUniqArray(server_id) AS servers, max(last_seen) AS last
FROM
(
  SELECT *,
    transform(severity, ['low', 'medium', 'high', 'critical'], [1., 4., 10., 25.], 0.)
      * exp2(-2000 * dateDiff('second', last_seen, as_of) / {window:UInt64}) AS aged,
    aged * exp2(1 - row_number() OVER (PARTITION BY tenant, subject_kind, subject, rule ORDER BY aged DESC, alert_id)) AS worth
  FROM
  (
    SELECT *, max(last_seen) OVER (PARTITION BY tenant, subject_kind, subject) AS as_of
    FROM
    (
      SELECT tenant, rule, severity, alert_id, server_id, last_seen,
        multiIf(principal_key != '', 'principal', client_key != '', 'client', session_fp != '', 'session', 'server') AS subject_kind,
        multiIf(principal_key != '', toString(principal_key), client_key != '', toString(client_key), session_fp != '', session_fp, toString(server_id)) AS subject
      FROM alerts
      WHERE last_seen > fromUnixTimestamp64Milli({now:Int64} - 2 * {window:Int64})
        AND rule != '${INCIDENT_RULE}' AND status NOT IN ('resolved', 'suppressed') AND verdict NOT IN ('false_positive', 'benign')
    )
  )
  WHERE last_seen > as_of - toIntervalMillisecond({window:UInt64})
)
WHERE subject != ''
GROUP BY tenant, subject_kind, subject
HAVING score >= {threshold:Float64} AND length(rules) >= 2 AND last > fromUnixTimestamp64Milli({now:Int64} - {window:Int64})
ORDER BY score DESC, subject
LIMIT ${MOST}`

interface RiskRow {
  readonly tenant: string
  readonly subject_kind: SubjectRisk['kind']
  readonly subject: string
  readonly score: number
  readonly alert_ids: readonly string[]
  readonly rules: readonly string[]
  readonly grave_rules: readonly string[]
  readonly servers: readonly string[]
  readonly last: string
}

export interface RiskParts {
  readonly settings: Config['risk']
  readonly store: Pick<EventStore, 'query' | 'insertFindings'>
  readonly outbox: Pick<Outbox, 'offer'>
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random: Random
  readonly sleep: Sleep
}

export class RiskWatch {
  readonly #parts: RiskParts
  readonly #doorbell = new Doorbell()
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  /** Last finding of each subject that this process raised: said once. */
  readonly #raised = new Map<string, string>()

  constructor(parts: RiskParts) {
    this.#parts = parts
    this.#running = parts.settings.enabled ? this.#run() : Promise.resolve()
  }

  /** There are new alerts. */
  wake(): void {
    this.#doorbell.ring()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  /** Whatever goes wrong here must not keep single alerts from anybody. */
  async #run(): Promise<void> {
    const { telemetry, random, sleep } = this.#parts
    const stop = this.#stopping.signal
    let failures = 0
    while (!stop.aborted) {
      try {
        await this.#look()
        failures = 0
      } catch (error) {
        telemetry.log('store_retry', { what: 'risk', reason: error instanceof Error ? error.message : '' })
        await sleep(backoffMs(++failures, BACKOFF, random), stop)
        if (isTransient(error)) continue
      }
      await this.#doorbell.wait(EVERY_MS, sleep, stop)
      await sleep(PAUSE_MS, stop)
    }
  }

  async #look(): Promise<void> {
    const { clock, outbox, settings, store } = this.#parts
    const { threshold, windowMs } = settings
    const answer = await store.query(RISK_SQL, {
      format: 'JSONEachRow',
      own: true,
      parameters: { now: String(clock.nowMs()), window: String(windowMs), threshold: String(threshold) },
    })
    const findings = rowsOf<RiskRow>(answer)
      .map((row) => incidentFinding({ ...riskOf(row), threshold, windowMs }))
      .filter(({ tenant, entity, findingId }) => this.#raised.get(JSON.stringify([tenant, entity])) !== findingId)
    if (findings.length === 0 || this.#stopping.signal.aborted) return
    await store.insertFindings(findings)
    await outbox.offer(findings, [])
    for (const { tenant, entity, findingId } of findings) this.#raised.set(JSON.stringify([tenant, entity]), findingId)
  }
}

const riskOf = (row: RiskRow): Omit<SubjectRisk, 'threshold' | 'windowMs'> => ({
  tenant: row.tenant,
  kind: row.subject_kind,
  subject: row.subject,
  score: row.score,
  alertIds: row.alert_ids,
  rules: row.rules,
  graveRules: row.grave_rules,
  servers: row.servers,
  lastSeen: `${row.last.replace(' ', 'T')}Z`,
})
