/** sampling.requested and roots.requested: what a server asks a client's model and its folders for. Hashes, counts and classes. */
import type { AuditContext } from '../audit-context.ts'
import { contentFields, scanContent, tellFindings } from '../content/content-scan.ts'
import { canonical } from '../keys/canonical.ts'
import { namesOf } from '../names.ts'
import { statedCount } from './stated.ts'
import { rootClass } from './uri-class.ts'

type Common = Readonly<Record<string, unknown>> | undefined
const CONTEXTS = new Set(['none', 'thisServer', 'allServers'])
const MAX_HINT_CHARACTERS = 8_192
const MAX_PROMPT_CHARACTERS = 65_536
const MAX_TOOLS = 64
const MAX_ROOTS = 1_024

/** `depth`: sampling requests of the same call that are open at once, this one included. */
export function tellSampling(context: AuditContext, own: object, params: unknown, common: Common, depth: number): void {
  const asked = (params ?? {}) as Readonly<Record<string, unknown>>
  const { maxTokens, includeContext, messages, systemPrompt, tools } = asked
  const { hints } = (asked['modelPreferences'] ?? {}) as { hints?: unknown }
  const hintText = hints === undefined ? undefined : canonical(hints, MAX_HINT_CHARACTERS)
  const hashed =
    context.captureLevel === 'minimal' ? () => undefined : (text: string) => context.hashes.arguments.hash(text)
  const scanned = scanContent(context, 'sampling', '', { systemPrompt, messages })
  context.emit(
    {
      eventType: 'sampling.requested',
      ...own,
      modelHintHash: hintText === undefined ? undefined : hashed(hintText),
      maxTokens: statedCount(maxTokens),
      includeContext: typeof includeContext === 'string' && CONTEXTS.has(includeContext) ? includeContext : undefined,
      messages: Array.isArray(messages) ? messages.length : 0,
      systemPromptHash:
        typeof systemPrompt === 'string' && systemPrompt.length <= MAX_PROMPT_CHARACTERS
          ? hashed(`s${systemPrompt}`)
          : undefined,
      samplingTools: Array.isArray(tools)
        ? namesOf(tools.slice(0, MAX_TOOLS).map((tool) => (tool as { name?: unknown } | null)?.name))
        : undefined,
      depth,
      ...contentFields(scanned, undefined),
    },
    undefined,
    common,
  )
  tellFindings(context, 'sampling', scanned, { ...own }, common)
}

/** The client's answer to roots/list. */
export function tellRoots(context: AuditContext, own: object, result: unknown, common: Common): void {
  const { roots } = (result ?? {}) as { roots?: unknown }
  const list = Array.isArray(roots) ? roots : []
  const classes = new Set<string>()
  for (const root of list.slice(0, MAX_ROOTS)) {
    const { uri } = (root ?? {}) as { uri?: unknown }
    classes.add(typeof uri === 'string' ? rootClass(uri) : 'other')
  }
  const fields = { eventType: 'roots.requested' as const, ...own, roots: list.length, rootClasses: [...classes].sort() }
  context.emit(fields, undefined, common)
}
