/** A request whose only credential is a session or a handle: who holds the id is taken for its owner. */
import { type Anonymous, judgeRequest, type Posture, type Verified } from '../access/authorization.ts'
import type { Match } from '../rule.ts'

/** What is known of one request. `handle`: kind of the private handle it presented. */
export type Held = Verified & { handle: string }

interface Carried {
  readonly decision: string
  readonly outcome: string
  readonly durationMs: number
  readonly session: string
  readonly hop: string
  readonly principal: string
}
interface Asked {
  readonly method: string
  readonly tool: string
  readonly verb: string
}
/** The request was carried out. A gateway that names the caller has authenticated it. */
export function judgeHeld(
  e: Carried,
  asked: Asked,
  cell: Held,
  config: Anonymous,
  beside: { readonly posture: Posture },
): Match | undefined {
  const held = e.session === '' ? cell.handle : 'session'
  if (held === '' || (e.hop === 'gateway' && e.principal !== '')) return undefined
  return judgeRequest(e, { ...asked, held }, cell, config, beside)
}
