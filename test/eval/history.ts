/**
 * Whose misses were read while classifiers and rules were written. Nothing here is trained, so leaving a source out cannot be done over
 * again: what can be said is which sources nobody tuned on. A source that is not named counts as read: in doubt we claim less.
 */

export interface SourceHistory {
  /** As `EvalRow.source` begins. */
  readonly source: string
  /** When rows of it were first looked at, and what for. */
  readonly firstRead: string
  /** Somebody looked at its misses or false alarms and changed something. */
  readonly tunedOn: boolean
  /** What was reached before anybody had read it, where it was measured then. */
  readonly firstSight?: string
}

export const HISTORY: readonly SourceHistory[] = [
  { source: 'xjzzzzzzzz/MCPSafety', firstRead: 'first classifiers, 2026-11', tunedOn: true },
  {
    source: 'cisco-ai-defense',
    firstRead: 'first classifiers, 2026-11',
    tunedOn: true,
    firstSight: 'poisoned tools 55 %',
  },
  {
    source: 'swisskyrepo',
    firstRead: 'first classifiers, 2026-11',
    tunedOn: true,
    firstSight: 'arguments 79 % of held-out rows',
  },
  {
    source: 'gitleaks',
    firstRead: 'first classifiers, 2026-11',
    tunedOn: true,
    firstSight: 'secrets 90 % of held-out rows',
  },
  { source: 'microsoft/BIPIA', firstRead: 'second round, 2026-11', tunedOn: true, firstSight: 'injected results 18 %' },
]

export const historyOf = (source: string): SourceHistory | undefined =>
  HISTORY.find((known) => source.startsWith(known.source))
export const isTunedOn = (source: string): boolean => historyOf(source)?.tunedOn ?? true
