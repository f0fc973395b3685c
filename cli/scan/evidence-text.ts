/** What is shown of a finding: the place, the classes, the decodings. Names are other people's words and are made fit for a screen. */
import { redactText } from '../../collector/scan/redact.ts'
import { visible } from '../../connectors/webhook/forms/escape.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'

const MAX_CHARACTERS = 240
const NO_TOOLS: ReadonlySet<string> = new Set()

type Words = Readonly<Record<string, unknown>>
const isSensitive = (hit: { readonly class: string }): boolean => /^(secret|pii)\./.test(hit.class)

/** One line without controls, and without what is a secret by its form. */
function safe(text: string): string {
  const subject = { surface: 'error', role: 'unknown', path: '', toolName: '', otherTools: NO_TOOLS } as const
  return visible(redactText(text, subject, isSensitive).text, MAX_CHARACTERS)
}

/** Of a content finding. */
export function placeOf(event: AuditEvent): string {
  const { surface, toolName, contentPath, decodings, hits, domains } = event as Words
  const within = `${surface}${toolName ? ` of ${toolName}` : ''}${contentPath ? ` at ${contentPath}` : ''}`
  const notes = [
    ...(typeof hits === 'number' && hits > 1 ? [`${hits} hits`] : []),
    ...(Array.isArray(decodings) ? [`behind ${decodings.join(', ')}`] : []),
    ...(Array.isArray(domains) ? [`host ${domains.slice(0, 3).join(', ')}`] : []),
  ]
  return safe(notes.length === 0 ? within : `${within} (${notes.join('; ')})`)
}

export function evidenceOf(event: AuditEvent, finding: Finding): string {
  return event.eventType === 'content.finding' ? placeOf(event) : safe(finding.saw)
}
