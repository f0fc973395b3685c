/** How hard the ids are to guess that a server hands out for sessions and tasks, from what its producer says of each. */
import { type Match, NEVER } from '../rule.ts'

/** Counts over the latest ids of one kind. `strongest`: most bits among those in a row that are weak. */
export type IdStream = { weak: number; strongest: number; version: number; rising: number; reportedMs: number }
export const noIds = (): IdStream => ({ weak: 0, strongest: 0, version: 0, rising: 0, reportedMs: NEVER })

export interface StrengthOptions {
  readonly minBits: number
  readonly minIds: number
  readonly risingIds: number
  readonly repeatMs: number
}
interface HandedOut {
  readonly ts: number
  readonly idBits: number
  readonly idUuidVersion: number
  readonly idMonotonic: boolean
  readonly idVisible: boolean
  says(name: 'idBits' | 'idMonotonic' | 'idVisible'): boolean
}

/** Below this a guess is a matter of hours; above it the id is only weaker than it should be. */
const GUESSABLE_BITS = 64
/** Rises by design, and is judged by its random bits. */
const ORDERED = 7

/**
 * One more id. An estimate loses bits by chance (of a random 21-character id half of the times), so only ids that are weak without
 * exception count.
 */
export function judgeIds(
  e: HandedOut,
  kind: 'session' | 'task',
  ids: IdStream,
  options: StrengthOptions,
): Match | undefined {
  if (!e.says('idBits')) return undefined
  // Random hex that only looks like a UUID has another version each time.
  const isNoVersion = ids.version !== 0 && e.idUuidVersion !== 0 && e.idUuidVersion !== ids.version
  ids.version = e.idUuidVersion
  if (e.idBits >= options.minBits || isNoVersion) {
    ids.weak = 0
    ids.strongest = 0
  } else {
    ids.weak++
    ids.strongest = Math.max(ids.strongest, e.idBits)
  }
  if (e.says('idMonotonic')) ids.rising = e.idMonotonic && e.idUuidVersion !== ORDERED ? ids.rising + 1 : 0
  if (e.ts - ids.reportedMs < options.repeatMs) return undefined
  const isWeak = ids.weak >= options.minIds
  // An id of which the order is not told repeats no finding.
  const isRising = e.says('idMonotonic') && ids.rising >= options.risingIds
  const isOdd = e.says('idVisible') && !e.idVisible
  if (!isWeak && !isRising && !isOdd) return undefined
  ids.reportedMs = e.ts
  return {
    severity: isRising || (isWeak && ids.strongest < GUESSABLE_BITS) ? 'high' : 'medium',
    saw: `${kind} ids that ${[
      isWeak ? `have at most ${ids.strongest} random bits` : '',
      isRising ? 'rise one after the other' : '',
      isOdd ? 'hold characters that are not visible ASCII' : '',
    ]
      .filter(Boolean)
      .join(', ')}`,
    expected: `at least ${options.minBits} random bits in each`,
    evidence: { kind, weak: ids.weak, strongestBits: ids.strongest, rising: ids.rising, uuidVersion: ids.version },
  }
}

/** Who opened a session first. */
export type Opener = { principal: string; address: string }
interface Opened {
  readonly principal: string
  readonly sourceAddress: string
  readonly idDuplicate: boolean
}
/** An id that was handed out to somebody else before. The same caller may open again what he holds. */
export function judgeDuplicate(e: Opened, opener: Opener): Match | undefined {
  const known = { ...opener }
  opener.principal = known.principal || e.principal
  opener.address = known.address || e.sourceAddress
  if (!e.idDuplicate) return undefined
  const arePeople = known.principal !== '' && e.principal !== ''
  const [was, is] = arePeople ? [known.principal, e.principal] : [known.address, e.sourceAddress]
  if (was === '' || is === '' || was === is) return undefined
  return {
    severity: 'high',
    saw: `a session id handed out again, to ${arePeople ? 'principal' : 'address'} ${is}`,
    expected: `${was} only`,
  }
}
