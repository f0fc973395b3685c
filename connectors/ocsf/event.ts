/** How an OCSF event is put together: its class, its profiles, and nothing in it that is empty, endless or not well-formed. */
import { DEFAULT_OCSF_VERSION, type OcsfClass, type OcsfVersion, OTHER, type Value } from './vocabulary.ts'

/** What OCSF asks of every event; the rest depends on the class. */
export interface OcsfEvent extends Readonly<Record<string, unknown>> {
  readonly activity_id: number
  readonly category_uid: number
  readonly class_uid: number
  readonly type_uid: number
  readonly severity_id: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly metadata: Readonly<Record<string, unknown>>
}
export type Attributes = Readonly<Record<string, unknown>>

/** Who made the event. The version is that of the package (a test compares them). */
export const PRODUCT = { name: 'mcp-auditd', uid: 'mcp-auditd', vendor_name: 'mcp-auditd', version: '0.1.0' } as const

/** Attributes that are there only when a profile is named, by class. */
const PROFILES: Readonly<Record<string, readonly (readonly [attribute: string, classUids: readonly number[]])[]>> = {
  security_control: [
    ['action_id', [2004, 3002, 6003]],
    ['authorizations', [2004, 3002, 6003]],
    ['policy', [2004, 3002, 6003]],
    ['is_alert', [3002, 6003]],
  ],
  host: [['actor', [2004]]],
  ai_operation: [
    ['message_context', [3002, 6003]],
    ['ai_agent', [3002, 6003]],
  ],
  trace: [['trace', [6003]]],
}

export interface Assembled {
  readonly version?: OcsfVersion
  readonly of: OcsfClass
  /** 99 is told by `activityName`. */
  readonly activityId: number
  readonly activityName?: string
  readonly severity: Value
  readonly statusId: number
  readonly timeMs: number
  readonly metadata: Attributes
  readonly attributes: Attributes
  readonly unmapped: Attributes
}

export function assemble(parts: Assembled): OcsfEvent {
  const { of, activityId, severity, statusId, attributes, version = DEFAULT_OCSF_VERSION } = parts
  const activity = activityId === OTHER ? (parts.activityName ?? 'Other') : of.activities[activityId]!
  const limits = new Limits()
  const tidied = limits.tidy(attributes) as Attributes
  const own = limits.tidy({ ...parts.metadata, product: PRODUCT }) as Attributes
  const unmapped = limits.exact(parts.unmapped)
  const profiles = Object.entries(PROFILES)
    .filter(([, list]) => list.some(([name, uids]) => uids.includes(of.uid) && tidied[name] !== undefined))
    .map(([profile]) => profile)
  return {
    activity_id: activityId,
    activity_name: activity,
    category_uid: of.categoryUid,
    category_name: of.categoryName,
    class_uid: of.uid,
    class_name: of.name,
    type_uid: of.uid * 100 + activityId,
    type_name: `${of.name}: ${activityId === OTHER ? 'Other' : activity}`,
    severity_id: severity.id,
    severity: severity.caption,
    status_id: statusId,
    status: of.statuses[statusId]!,
    time: parts.timeMs,
    metadata: {
      ...own,
      version,
      log_name: 'mcp_audit',
      ...(profiles.length > 0 && { profiles }),
      ...(limits.isCut && { is_truncated: true }),
    },
    ...tidied,
    unmapped,
  }
}

/** `x_id` with the caption that belongs to it in `x`. */
export const beside = (name: string, { id, caption }: Value): Attributes => ({ [`${name}_id`]: id, [name]: caption })

/** UTF-16 units of one text; twice what any text of a valid event or alert may have, a query of an alert aside. */
const TEXT_CHARS = 16_384
/** Elements of one list. */
const LIST_LENGTH = 512
const DEPTH = 48

class Limits {
  isCut = false

  /** Attributes of OCSF: what is absent, empty or no finite number is left out, also when leaving out makes something empty. */
  tidy(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return value === '' ? undefined : this.text(value)
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
    if (typeof value !== 'object' || value === null) return value ?? undefined
    if (depth > DEPTH) return this.cutOff()
    if (Array.isArray(value)) {
      const kept = this.list(value)
        .map((each) => this.tidy(each, depth + 1))
        .filter((each) => each !== undefined)
      return kept.length === 0 ? undefined : kept
    }
    const entries = Object.entries(value)
      .map(([name, each]) => [this.text(name), this.tidy(each, depth + 1)] as const)
      .filter(([, each]) => each !== undefined)
    return entries.length === 0 ? undefined : Object.fromEntries(entries)
  }

  /** What OCSF has no place for stays as it is, empty lists too: they say something. */
  exact(value: unknown, depth = 0): unknown {
    if (typeof value === 'string') return this.text(value)
    if (typeof value !== 'object' || value === null) return value
    if (depth > DEPTH) return this.cutOff()
    if (Array.isArray(value)) return this.list(value).map((each) => this.exact(each, depth + 1) ?? null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, each]) => each !== undefined)
        .map(([name, each]) => [this.text(name), this.exact(each, depth + 1)]),
    )
  }

  private text(text: string): string {
    if (text.length > TEXT_CHARS) this.isCut = true
    return (text.length > TEXT_CHARS ? text.slice(0, TEXT_CHARS) : text).toWellFormed()
  }
  private list(list: readonly unknown[]): readonly unknown[] {
    if (list.length > LIST_LENGTH) this.isCut = true
    return list.slice(0, LIST_LENGTH)
  }
  private cutOff(): undefined {
    this.isCut = true
  }
}

/** Last millisecond of the year 9999. */
const LAST_MS = 253_402_300_799_999
/** RFC 3339 as OCSF counts: whole milliseconds from 1970 on. What lies outside or is no time is undefined. */
export function msOf(time: unknown): number | undefined {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return ms >= 0 && ms <= LAST_MS ? ms : undefined
}
/** Seconds since 1970, as tokens carry them. */
export function msOfSeconds(seconds: unknown): number | undefined {
  const ms = typeof seconds === 'number' ? Math.trunc(seconds) * 1_000 : Number.NaN
  return ms > 0 && ms <= LAST_MS ? ms : undefined
}
/** A whole number that fits OCSF’s 32-bit integers. */
export const integerOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= 2_147_483_647
    ? Math.round(value)
    : undefined
/** A whole number that fits OCSF’s 64-bit integers and JSON. */
export const longOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? Math.round(value) : undefined
/** A text that says something. */
export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
