/** How hard the ids are to guess that a server hands out for sessions and tasks, from what its producer says of each. */
import type { Match } from '../rule.ts'

/** Counts over the latest ids of one kind. `strongest`: most bits among those in a row that are weak. */
export type IdStream = { weak: number; strongest: number; version: number; rising: number; reportedMs: number }
export const noIds = (): IdStream => ({ weak: 0, strongest: 0, version: 0, rising: 0, reportedMs: 0 })

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
/** UUIDs of time and machine: their bits count as none. */
const OF_TIME = [1, 2, 6]
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
  if (ids.reportedMs !== 0 && e.ts - ids.reportedMs < options.repeatMs) return undefined
  const faults: string[] = []
  if (ids.weak >= options.minIds)
    faults.push(OF_TIME.includes(ids.version) ? 'are made of time and machine' : `have at most ${ids.strongest} bits`)
  const isGuessable = ids.weak >= options.minIds && ids.strongest < GUESSABLE_BITS
  const isRising = ids.rising >= options.risingIds
  if (isRising) faults.push('rise one after the other')
  if (e.says('idVisible') && !e.idVisible) faults.push('hold characters that are not visible ASCII')
  if (faults.length === 0) return undefined
  ids.reportedMs = e.ts
  return {
    severity: isGuessable || isRising ? 'high' : 'medium',
    saw: `${kind} ids that ${faults.join(', ')}`,
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
  const what = arePeople ? 'principal' : 'address'
  return { severity: 'high', saw: `a session id handed out again, to ${what} ${is}`, expected: `${what} ${was} only` }
}
