/** A rule on a server in one hour: whether it could see, how often it looked, how often it matched. */

/** States as the store and events spell them. */
export type CoverageStateName = 'active' | 'degraded' | 'inactive' | 'not_applicable' | 'not_observable'
export interface CoverageRow {
  readonly tenant: string
  readonly serverId: string
  readonly rule: string
  /** Start of the hour, RFC 3339 UTC. */
  readonly hour: string
  /** Log and partition that counted: counts of several are added up. A later row of the same hour and part replaces the earlier one. */
  readonly part: string
  readonly state: CoverageStateName
  readonly reasons: readonly string[]
  /** Events that the rule looked at. 0: it was not evaluated, which is not the same as nothing found. */
  readonly evaluations: number
  readonly matches: number
}
