/** elicitation.requested and .completed: what a server asks a person for, and what came of it: classes of fields, the host of a URL. */
import type { AuditContext } from '../audit-context.ts'
import { labelsOf, scanContent, tellFindings } from '../content/content-scan.ts'
import { nameOf } from '../names.ts'
import { urlFlaws } from './url-flaws.ts'

/** Field names that say what kind of thing is asked for; a class is recorded, not the name. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/pass(word|phrase|code)?|secret|token|api.?key|credential|otp|\bpin\b/i, 'credential'],
  [/card|cvv|cvc|iban|account/i, 'payment'],
  [/ssn|social|passport|national|birth|fodsel/i, 'identity_document'],
  [/mail/i, 'email'],
  [/phone|mobile/i, 'phone'],
]
const MAX_FIELDS = 64
const MAX_NAME = 256
const ACTIONS = new Set(['accept', 'decline', 'cancel'])

type Common = Readonly<Record<string, unknown>> | undefined
/** What is remembered of an elicitation until it is answered. */
export interface Elicitation {
  readonly mode: 'form' | 'url'
  readonly handleFp: string | undefined
  /** Classes by field name. */
  readonly classes: ReadonlyMap<string, string>
}

/** How many tokens is no token: `token_limit`, `maxTokens`, `tokenCount`, and whatever is counted or switched. */
const COUNTED =
  /token_?s?_?(?:limit|count|budget|usage|size|length|total)|(?:max|min|num|total|count)_?(?:of_?)?tokens?|^tokens$/i
const NO_SECRET: ReadonlySet<unknown> = new Set(['boolean', 'integer', 'number'])
/** A one-time code may well be asked for as a number. */
const CODE = /otp|\bpin\b|passcode/i

function classOf(name: string, schema: unknown): string {
  const known = name.slice(0, MAX_NAME)
  const { format, type } = (schema ?? {}) as { format?: unknown; type?: unknown }
  const isCounted = !CODE.test(known) && (COUNTED.test(known) || NO_SECRET.has(type))
  for (const [pattern, found] of CLASSES)
    if (pattern.test(known) && !(found === 'credential' && isCounted)) return found
  return nameOf(format) ?? nameOf(type) ?? 'unknown'
}

/** The keyed hash of an elicitation: of its id, and since 2026-07-28, which has none, of the URL as it was handed out. */
export const elicitationFp = (context: AuditContext, id: unknown, url: unknown): string | undefined => {
  const handle = typeof id === 'string' ? id : typeof url === 'string' ? url : undefined
  return handle === undefined ? undefined : context.hashes.handles.hash(handle)
}

/** `own` and `common`: of the request in whose course it is asked, when there is one. */
export function tellElicitation(context: AuditContext, own: object, params: unknown, common: Common): Elicitation {
  const { mode, url, elicitationId, requestedSchema } = (params ?? {}) as Readonly<Record<string, unknown>>
  const { properties } = (requestedSchema ?? {}) as { properties?: Readonly<Record<string, unknown>> }
  const classes = new Map(
    Object.entries(properties ?? {})
      .slice(0, MAX_FIELDS)
      .map(([name, schema]) => [name, classOf(name, schema)] as const),
  )
  const asked: Elicitation = {
    mode: mode === 'url' ? 'url' : 'form',
    handleFp: elicitationFp(context, elicitationId, mode === 'url' ? url : undefined),
    classes,
  }
  const flaws = asked.mode === 'url' && typeof url === 'string' ? urlFlaws(url) : undefined
  const scanned = scanContent(context, 'elicitation', '', params)
  const fields = {
    eventType: 'elicitation.requested' as const,
    ...own,
    mode: asked.mode,
    urlHost: typeof url === 'string' && URL.canParse(url) ? nameOf(new URL(url).hostname) : undefined,
    fieldClasses: [...new Set(classes.values())],
    handleFp: asked.handleFp,
    urlFlaws: flaws?.length ? flaws : undefined,
    labels: labelsOf(scanned),
  }
  context.emit(fields, undefined, common)
  tellFindings(context, 'elicitation', scanned, { ...own }, common)
  return asked
}

/** The client's answer. An accepted URL is one that the person agreed to open: whether the page was finished is told by the server. */
export function tellElicitationAnswer(
  context: AuditContext,
  own: object,
  asked: Elicitation | undefined,
  answer: unknown,
  common: Common,
): void {
  const { action, content } = (answer ?? {}) as { action?: unknown; content?: unknown }
  const filled = content !== null && typeof content === 'object' ? Object.entries(content as object) : []
  const classes = filled
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => asked?.classes.get(name) ?? classOf(name, { type: typeof value }))
  context.emit(
    {
      eventType: 'elicitation.completed',
      ...own,
      mode: asked?.mode ?? (filled.length > 0 ? 'form' : undefined),
      action: typeof action === 'string' && ACTIONS.has(action) ? action : undefined,
      handleFp: asked?.handleFp,
      fieldClasses: classes.length > 0 ? [...new Set(classes)] : undefined,
    },
    undefined,
    common,
  )
}

/** The server says that the page behind an elicitation URL was finished (notifications/elicitation/complete, legacy era). */
export function tellElicitationDone(context: AuditContext, own: object, params: unknown, common: Common): void {
  const { elicitationId } = (params ?? {}) as { elicitationId?: unknown }
  const handleFp = elicitationFp(context, elicitationId, undefined)
  const fields = { eventType: 'elicitation.completed' as const, ...own, mode: 'url', handleFp, stage: 'done' }
  context.emit(fields, undefined, common)
}
