/** A framework: what it asks of audit logging, which statements answer that, and what stays with the operator. One file of frameworks/ each. */
export interface Requirement {
  /** As the framework numbers it. */
  readonly id: string
  readonly title: string
  /** Ids of statements, `R1` … `R30`. */
  readonly statements: readonly string[]
  /** What this service gives towards it. */
  readonly supplies: string
}
export interface Framework {
  readonly title: string
  readonly requirements: readonly Requirement[]
  /** What no report of ours can show. */
  readonly leaves: readonly string[]
}
