/** Content for an outside judge: which texts, without secrets and personal data, and what is told of the answer. */
import type { Scanned, Surface } from '../../scan/classifier.ts'
import { redactText } from '../../scan/redact.ts'
import { walkValue } from '../../scan/walk.ts'
import type { AuditContext } from '../audit-context.ts'
import type { Guardrail, GuardrailTarget } from '../guardrails/guardrail.ts'
import type { GuardrailLimits, GuardrailResult } from '../guardrails/guardrail-desk.ts'
import { callFields, type Request } from '../messages/request.ts'
import { isSensitive, tellFindings } from './content-scan.ts'

export interface GuardrailOptions {
  readonly provider: Guardrail
  /** Names of the tools whose content is sent. Default: all. */
  readonly tools?: readonly string[]
  /** Default: arguments, result, resource, prompt, sampling. */
  readonly surfaces?: readonly Surface[]
  readonly limits?: GuardrailLimits
}

const DEFAULT_SURFACES: readonly Surface[] = ['arguments', 'result', 'resource', 'prompt', 'sampling']
/** Words of a person or model; everything else is a document that a model will read. */
const PROMPTS: ReadonlySet<Surface> = new Set(['arguments', 'prompt'])
/** Shorter texts, and those without a space, give no orders. */
const MIN_CHARACTERS = 16
const MAX_CHARACTERS = 65_536
const BOUNDS = { nodes: 4_096, depth: 16 }
const NO_TOOLS: ReadonlySet<string> = new Set()

/** What was found in content of a request, and the question to the guardrail. Told behind the event it is about. */
export function tellContent(
  context: AuditContext,
  surface: Surface,
  toolName: string,
  value: unknown,
  scanned: Scanned | undefined,
  request: Request,
): void {
  const hasFindings = scanned !== undefined && scanned.hits.length > 0
  if (!hasFindings && context.desk === undefined) return
  const own = callFields(request)
  tellFindings(context, surface, scanned, own, request.common)
  guardContent(context, surface, toolName, value, own, request.common)
}

/** Asks beside the call; returns at once. The events come when the answer does. */
export function guardContent(
  context: AuditContext,
  surface: Surface,
  toolName: string,
  value: unknown,
  own: Readonly<Record<string, unknown>>,
  common: Readonly<Record<string, unknown>> | undefined,
): void {
  const { desk } = context
  const options = context.options.guardrail
  if (desk === undefined || options === undefined) return
  if (!(options.surfaces ?? DEFAULT_SURFACES).includes(surface)) return
  if (options.tools !== undefined && !options.tools.includes(toolName)) return
  const text = textFor(value, surface, toolName)
  if (text === '') return
  const target: GuardrailTarget = PROMPTS.has(surface) ? 'user_prompt' : 'document'
  desk.ask(target, text, (result) => context.guard(() => tell(context, surface, result, own, common)))
}

function textFor(value: unknown, surface: Surface, toolName: string): string {
  const parts: string[] = []
  let room = MAX_CHARACTERS
  walkValue(value, '', BOUNDS, undefined, ({ text, path, found }) => {
    if (found !== 'value' || room <= 0 || text.length < MIN_CHARACTERS || !/\s/.test(text)) return
    const subject = { surface, role: 'unknown', path, toolName, otherTools: NO_TOOLS } as const
    const shown = redactText(text, subject, isSensitive).text.slice(0, room)
    room -= shown.length
    parts.push(shown)
  })
  return parts.join('\n')
}

function tell(
  context: AuditContext,
  surface: Surface,
  { unsentCharacters, ...result }: GuardrailResult,
  own: Readonly<Record<string, unknown>>,
  common: Readonly<Record<string, unknown>> | undefined,
): void {
  context.emit(
    {
      eventType: 'guardrail.result',
      ...own,
      ...result,
      surface,
      unscannedBytes: unsentCharacters === 0 ? undefined : unsentCharacters,
    },
    undefined,
    common,
  )
  if (result.verdict !== 'attack') return
  const finding = {
    eventType: 'content.finding' as const,
    ...own,
    surface,
    findingClass: 'injection.guardrail',
    hits: 1,
    score: 0.9,
    detector: result.provider,
    verdict: 'malicious',
  }
  context.emit(finding, undefined, common)
}
