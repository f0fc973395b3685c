/** What a tool says of itself by its annotations, and what it was seen to do. */
import type { Match } from '../rule.ts'
import { kept } from './approvals.ts'

/** `hints` of the definition in force, as name=value; `effects` seen of it so far, while it said otherwise or nothing. */
export type Promises = { hints: string[]; effects: string[] }
export const noPromises = (): Promises => ({ hints: [], effects: [] })
const MAX_HINTS = 16
const MAX_EFFECTS = 8

const saidOf = (hints: readonly string[], hint: string): string =>
  hints.find((each) => each.startsWith(`${hint}=`))?.slice(hint.length + 1) ?? ''

/** Clients ask people less for what reads only and destroys nothing: a definition that says so where it said the contrary asks for less. */
const SAFER = [
  ['readOnlyHint', 'false', 'true'],
  ['destructiveHint', 'true', 'false'],
] as const

export function judgeHints(annotations: readonly string[], known: Promises): Match | undefined {
  const before = known.hints
  known.hints = annotations.slice(0, MAX_HINTS).map((each) => each.slice(0, 64))
  const turned = SAFER.filter(
    ([hint, from, to]) => saidOf(before, hint) === from && saidOf(known.hints, hint) === to,
  ).map(([hint, from, to]) => `${hint} ${from} became ${to}`)
  if (turned.length === 0) return undefined
  const { effects } = known
  return {
    severity: effects.length > 0 ? 'high' : 'medium',
    saw: `${turned.join(', ')}${effects.length > 0 ? `, of a tool that was seen to ${effects.join(', ')}` : ''}`,
    expected: 'annotations that hold, or a review of the change',
    evidence: { class: 'safer_claim', changed: turned, effects },
  }
}

/** What a call did: `write` may be a way to ask (POST), `change` is none. */
export interface Effect {
  readonly kind: 'none' | 'write' | 'change'
  /** In few words: DELETE api.example.com, file_delete project. */
  readonly what: string
}
const SEVERITIES: Readonly<Partial<Record<Effect['kind'], 'low' | 'high'>>> = { write: 'low', change: 'high' }

/** A tool that says it only reads had an effect. Effects of other tools are remembered: a later promise is measured by them. */
export function judgeEffect({ kind, what }: Effect, known: Promises): Match | undefined {
  const severity = SEVERITIES[kind]
  if (severity === undefined) return undefined
  if (saidOf(known.hints, 'readOnlyHint') !== 'true') {
    if (severity === 'high') known.effects = kept(known.effects, what.split(' ', 1)[0]!, MAX_EFFECTS)
    return undefined
  }
  return {
    severity,
    saw: `a tool that says it only reads: ${what}`,
    expected: 'no effect, or readOnlyHint false',
    evidence: { class: 'broken_promise', effect: what },
  }
}

const CHANGING: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE'])
/** Tokens are fetched with POST by whoever asks an API. */
export function effectOfRequest(e: {
  readonly verb: string
  readonly pathClass: string
  readonly destinationHost: string
}): Effect {
  const verb = e.verb.toUpperCase()
  const what = `${verb} ${e.destinationHost || 'an unnamed host'}`
  if (CHANGING.has(verb)) return { kind: 'change', what }
  const asksForToken = e.pathClass === 'token' || e.pathClass === 'introspect'
  return { kind: verb === 'POST' && !asksForToken ? 'write' : 'none', what }
}

/** Where nobody writes by the way. */
const GRAVE_PLACES: ReadonlySet<string> = new Set(['secret', 'system'])

/**
 * Programs are started by tools that read, too; what is written for the moment is none of the caller’s, and files elsewhere may be a cache
 * or a picture that was asked for.
 */
export function effectOfSideEffect({ effectKind, effectClass }: Record<'effectKind' | 'effectClass', string>): Effect {
  const what = `${effectKind} ${effectClass}`.trim()
  if (effectKind === 'db_write') return { kind: 'change', what }
  if (effectClass === 'temp') return { kind: 'none', what }
  if (effectKind === 'file_delete') return { kind: 'change', what }
  if (effectKind !== 'file_write') return { kind: 'none', what }
  return { kind: GRAVE_PLACES.has(effectClass) ? 'change' : 'write', what }
}

/** `sentry.io` is for `o1.ingest.sentry.io` too. */
export const isUnder = (host: string, domains: readonly string[]): boolean =>
  domains.some((domain) => host === domain || host.endsWith(`.${domain}`))
