/** The classifiers over what passes through a server: labels and findings for its events. The content itself stays here. */
import type { ArgumentLeaf } from '../../../schemas/events/calls.ts'
import type { LocatedHit, ParameterRole, Scanned, Surface } from '../../scan/classifier.ts'
import { classesByPath, classesOf, findingsOf, leafPathOf } from '../../scan/labels.ts'
import { BOUNDS, scanValue } from '../../scan/scan.ts'
import type { AuditContext } from '../audit-context.ts'
import type { Ending } from '../messages/request.ts'

/** What is known of a tool before its content is read. */
export interface ToolKnowledge {
  readonly roles: ReadonlyMap<string, ParameterRole>
  readonly otherTools: ReadonlySet<string>
}
export const UNKNOWN_TOOL: ToolKnowledge = { roles: new Map(), otherTools: new Set() }

/** A label on an event, and the class on a leaf, as far as the schema lets them. */
const MAX_LABELS = 64
const MAX_CLASSES = 32
const NOTHING: Scanned = { hits: [], scannedBytes: 0, unscannedBytes: 0 }

/** Nothing where scanning is off, and where it fails: then the content counts as unscanned. */
export function scanContent(
  context: AuditContext,
  surface: Surface,
  toolName: string,
  value: unknown,
  { roles, otherTools }: ToolKnowledge = UNKNOWN_TOOL,
): Scanned | undefined {
  if (!context.scansContent || value === undefined) return undefined
  try {
    const isReadOnce = surface === 'definition' || surface === 'instructions'
    return scanValue(value, { surface, toolName, otherTools, roles }, isReadOnce ? BOUNDS : context.scanBounds)
  } catch {
    context.errors++
    return undefined
  }
}

/** What a call ended with: its result, or the words of the error. */
export const scanEnding = (context: AuditContext, toolName: string, { result, error }: Ending): Scanned | undefined =>
  result === undefined
    ? scanContent(context, 'error', toolName, error)
    : scanContent(context, 'result', toolName, result)

/** Fields of an event about an answer. `bytes`: of all of it, which nobody read where nothing was scanned. */
export function contentFields(scanned: Scanned | undefined, bytes: number | undefined) {
  const labels = labelsOf(scanned)
  return { labels, findings: labels, unscannedBytes: unscannedOf(scanned, bytes) }
}
export const unscannedOf = (scanned: Scanned | undefined, bytes: number | undefined): number | undefined =>
  scanned === undefined ? bytes : scanned.unscannedBytes === 0 ? undefined : scanned.unscannedBytes

/** Sorted classes; undefined when there is none, so that the event does not carry an empty list. */
export function labelsOf({ hits }: Scanned = NOTHING): string[] | undefined {
  return hits.length === 0 ? undefined : classesOf({ ...NOTHING, hits }).slice(0, MAX_LABELS)
}

/** The leaves with the classes that were found in them. */
export function classifiedLeaves(leaves: readonly ArgumentLeaf[], scanned: Scanned): readonly ArgumentLeaf[] {
  if (scanned.hits.length === 0) return leaves
  const byPath = classesByPath(scanned, leafPathOf)
  return leaves.map((leaf) => {
    const classes = byPath.get(leaf.path)
    return classes === undefined ? leaf : { ...leaf, classes: classes.slice(0, MAX_CLASSES) }
  })
}

/** content.finding for every (class, place). `own` and `common`: of the request in whose course it was found. */
export function tellFindings(
  context: AuditContext,
  surface: Surface,
  scanned: Scanned | undefined,
  own: Readonly<Record<string, unknown>>,
  common: Readonly<Record<string, unknown>> | undefined,
): void {
  if (scanned === undefined || scanned.hits.length === 0) return
  const hash = (span: string) => context.hashes.arguments.hash(span)
  for (const finding of findingsOf(scanned, surface, hash))
    context.emit(
      {
        eventType: 'content.finding',
        ...own,
        ...finding,
        decodings: list(finding.decodings),
        domains: list(finding.domains),
      },
      undefined,
      common,
    )
}

const list = <T>(values: readonly T[]): readonly T[] | undefined => (values.length === 0 ? undefined : values)

/** Spans that a text must lose before it is shown to anybody else. */
export const isSensitive = ({ class: kind }: Pick<LocatedHit, 'class'>): boolean =>
  kind.startsWith('secret.') || kind.startsWith('pii.')
