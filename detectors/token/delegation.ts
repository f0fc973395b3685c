/** Which agents act for whom on a server, and when a new one is news. */

/** Of one principal: events with an actor so far, time of the first, and its actors. */
export type Delegations = { events: number; firstMs: number; actors: string[]; seenMs: number[] }
export const noDelegations = (): Delegations => ({ events: 0, firstMs: 0, actors: [], seenMs: [] })
const MAX_ACTORS = 48

export interface WarmUp {
  readonly learn: number
  readonly learnMs: number
}
/** Enough was seen to take what comes for usual. */
const isKnownWell = ({ events, firstMs }: Delegations, ts: number, { learn, learnMs }: WarmUp): boolean =>
  events > learn || ts - firstMs >= learnMs

/** Take in an actor; answers whether it is new here. The one unseen for longest makes room. */
function isNew(actor: string, ts: number, known: Delegations): boolean {
  known.firstMs ||= ts
  known.events++
  const at = known.actors.indexOf(actor)
  if (at >= 0) {
    known.seenMs[at] = Math.max(known.seenMs[at]!, ts)
    return false
  }
  known.actors.push(actor)
  known.seenMs.push(ts)
  if (known.actors.length <= MAX_ACTORS) return true
  const oldest = known.seenMs.indexOf(Math.min(...known.seenMs))
  known.actors.splice(oldest, 1)
  known.seenMs.splice(oldest, 1)
  return true
}

/**
 * `agent`: nobody here has worked with it, on a server that is known well. `edge`: a person with well known agents has another one. A known
 * agent that begins to act for somebody new is what a rollout looks like, and no news.
 */
export function noteActor(
  actor: string,
  ts: number,
  person: Delegations,
  server: Delegations,
  warmUp: WarmUp,
): '' | 'agent' | 'edge' {
  const isServerKnown = isKnownWell(server, ts, warmUp) && server.events > 0
  const isPersonKnown = isKnownWell(person, ts, warmUp) && person.events > 0
  const isNewHere = isNew(actor, ts, server)
  const isNewToPerson = isNew(actor, ts, person)
  if (isNewHere && isServerKnown) return 'agent'
  return isNewToPerson && isPersonKnown ? 'edge' : ''
}
