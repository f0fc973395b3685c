/** Which agents act for whom on a server, and when a new one is news. */
import { NEVER } from '../rule.ts'

/** Of one principal: events with an actor so far, time of the first, and its actors, the one seen last at the end. */
export type Delegations = { events: number; firstMs: number; actors: string[] }
export const noDelegations = (): Delegations => ({ events: 0, firstMs: NEVER, actors: [] })
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
  const isKnown = known.actors.includes(actor)
  known.actors = [...known.actors.filter((each) => each !== actor), actor].slice(-MAX_ACTORS)
  return !isKnown
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
