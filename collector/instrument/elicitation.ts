/** elicitation.requested: what a server asks a person for, as classes of fields and the host of a URL. */
import type { AuditContext } from './audit-context.ts'
import { nameOf } from './names.ts'

/** Field names that say what kind of thing is asked for; a class is recorded, not the name. */
const CLASSES: readonly (readonly [RegExp, string])[] = [
  [/pass(word|phrase|code)?|secret|token|api.?key|credential|otp|\bpin\b/i, 'credential'],
  [/card|cvv|cvc|iban|account/i, 'payment'],
  [/ssn|social|passport|national|birth|fodsel/i, 'identity_document'],
  [/mail/i, 'email'],
  [/phone|mobile/i, 'phone'],
]
const MAX_FIELDS = 64

function classOf(name: string, schema: unknown): string {
  for (const [pattern, found] of CLASSES) if (pattern.test(name)) return found
  const { format, type } = (schema ?? {}) as { format?: unknown; type?: unknown }
  return nameOf(format) ?? nameOf(type) ?? 'unknown'
}

/** `own` and `common`: of the request in whose course it is asked, when there is one. */
export function tellElicitation(
  context: AuditContext,
  own: object,
  params: unknown,
  common: Readonly<Record<string, unknown>> | undefined,
): void {
  const { mode, url, elicitationId, requestedSchema } = (params ?? {}) as Readonly<Record<string, unknown>>
  const { properties } = (requestedSchema ?? {}) as { properties?: Readonly<Record<string, unknown>> }
  const classes = Object.entries(properties ?? {})
    .slice(0, MAX_FIELDS)
    .map(([name, schema]) => classOf(name, schema))
  const fields = {
    eventType: 'elicitation.requested' as const,
    ...own,
    mode: mode === 'url' ? 'url' : 'form',
    urlHost: typeof url === 'string' && URL.canParse(url) ? nameOf(new URL(url).hostname) : undefined,
    fieldClasses: [...new Set(classes)],
    handleFp: typeof elicitationId === 'string' ? context.hashes.handles.hash(elicitationId) : undefined,
  }
  context.emit(fields, undefined, common)
}
