/** Whether a request was authorized, and whether its server says that it has to be. */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'

/** What one process of a server says at its start. Nothing is judged before that is known. */
export type Posture = { known: boolean; required: boolean; methods: string[]; tools: string[] }
export const unknownPosture = (): Posture => ({ known: false, required: false, methods: [], tools: [] })
const MAX_NAMES = 32

interface Started {
  readonly authRequired: boolean
  readonly anonymousMethods: readonly string[]
  readonly anonymousTools: readonly string[]
  says(name: 'authRequired'): boolean
}
export function noteStart(e: Started, posture: Posture): void {
  posture.known = e.says('authRequired')
  posture.required = e.authRequired
  posture.methods = e.anonymousMethods.slice(0, MAX_NAMES).map(shortName)
  posture.tools = e.anonymousTools.slice(0, MAX_NAMES).map(shortName)
}
/** Half of the rule’s ttl: what a request began with is surely remembered for that long. */
const LONGEST_MS = 1_800_000

/** What is known of the authorization of one request. */
export type Verified = { authorized: boolean; refused: boolean; reported: boolean }
export const notVerified = (): Verified => ({ authorized: false, refused: false, reported: false })

export interface Anonymous {
  readonly anonymousMethods: readonly string[]
  readonly anonymousTools: readonly string[]
  readonly healthMethods: readonly string[]
}
interface Asked {
  readonly method: string
  readonly tool: string
  readonly verb: string
  /** What was presented instead of a token, if anything is known of it. */
  readonly held?: string
}
/** A request was carried out. One finding per request, whatever its events. */
export function judgeRequest(
  e: { readonly decision: string; readonly outcome: string; readonly durationMs: number },
  { method, tool, verb, held = '' }: Asked,
  verified: Verified,
  config: Anonymous,
  beside: { readonly posture: Posture },
): Match | undefined {
  if (verified.authorized || verified.reported || e.durationMs > LONGEST_MS || wasRefused(e)) return undefined
  const { posture } = beside
  if (!posture.required) return undefined
  const methods = [...posture.methods, ...[...config.anonymousMethods, ...config.healthMethods].map(shortName)]
  if (methods.includes(shortName(method))) return undefined
  if ([...posture.tools, ...config.anonymousTools.map(shortName)].includes(shortName(tool))) return undefined
  verified.reported = true
  return {
    saw:
      `${method || verb || 'a request'} carried out ` +
      (verified.refused ? 'after its authorization was refused' : 'without any authorization') +
      (held === '' ? '' : `, on the strength of a ${held === 'argument' ? 'handle' : held} id`),
    expected: 'a verified token for this request',
    evidence: { method, tool, verb },
  }
}
