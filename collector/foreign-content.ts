/** Content that came with somebody else's telemetry: classified, shaped, hashed, and left out. */
import { createHash } from 'node:crypto'
import { classifiedLeaves } from './instrument/content/content-scan.ts'
import { type Hashes, hashesOf } from './instrument/keys/keys.ts'
import { holdsHandle } from './instrument/messages/handles.ts'
import { argumentShape } from './instrument/messages/shape.ts'
import type { Content } from './observation.ts'
import type { LocatedHit, Surface } from './scan/classifier.ts'
import { type ContentFinding, findingsOf } from './scan/labels.ts'
import { BOUNDS, scanValue } from './scan/scan.ts'

/** Fields of the event of the request, what was found, and what is to be said of the content as such. */
export interface ContentReading {
  readonly fields: Readonly<Record<string, unknown>>
  readonly flags: readonly string[]
  readonly findings: readonly (Omit<ContentFinding, 'surface'> & { readonly surface?: Surface })[]
}

/** Work per record, whatever a sender puts into it; what lies beyond counts as unscanned. */
const MAX_CHARACTERS = 262_144
const MAX_LABELS = 64
/** Of one record. */
const MAX_FINDINGS = 64
/** What a producer puts where it cut a text. */
const CUT_MARK = /(?:\.{3}|…|\[truncated\]|\(truncated\)|<truncated>|\[Filtered\])"?\s*$/i
const NO_TOOLS: ReadonlySet<string> = new Set()

/** `hashes` absent: no keys are configured, and nothing is hashed, because such a hash could be guessed. */
export function readContents(
  contents: readonly Content[],
  toolName: string,
  hashes: Hashes | undefined,
): ContentReading {
  const names = new Set<string>()
  const labels = new Set<string>()
  const flags = new Set<string>()
  const findings: (Omit<ContentFinding, 'surface'> & { surface?: Surface })[] = []
  let fields: Record<string, unknown> = {}
  let unscannedBytes = 0
  let room = MAX_CHARACTERS
  for (const content of contents) {
    if (content.name !== '') names.add(content.name)
    const { value, isCut } = readable(content)
    if (isCut) flags.add('content_truncated')
    const base = {
      surface: content.surface === 'text' ? ('error' as const) : content.surface,
      toolName,
      otherTools: NO_TOOLS,
      ...(content.root === undefined ? {} : { root: content.root }),
    }
    const scanned = scanValue(value, base, { ...BOUNDS, valueCharacters: room })
    room = Math.max(0, room - scanned.scannedBytes)
    unscannedBytes += scanned.unscannedBytes
    for (const { class: kind } of scanned.hits) labels.add(kind)
    for (const { surface, ...finding } of findingsOf(scanned, base.surface, (span) => spanHash(span, hashes)))
      findings.push(content.surface === 'text' ? finding : { surface, ...finding })
    if (content.surface === 'arguments' && fields['args'] === undefined && isObject(value))
      fields = shaped(value, scanned, hashes)
  }
  if (findings.length > MAX_FINDINGS) flags.add('findings_bounded')
  if (labels.size > 0) fields['labels'] = [...labels].sort().slice(0, MAX_LABELS)
  if (names.size > 0) fields['redactions'] = [...names].slice(0, MAX_LABELS)
  if (unscannedBytes > 0) fields['unscannedBytes'] = unscannedBytes
  return { fields, flags: [...flags], findings: findings.slice(0, MAX_FINDINGS) }
}

const spanHash = (span: string, hashes: Hashes | undefined): string =>
  hashes === undefined ? '' : hashes.arguments.hash(span)

/** JSON text as the value it stands for; where it does not parse, the text itself. */
function readable({ value, isJsonText }: Content): { readonly value: unknown; readonly isCut: boolean } {
  if (typeof value !== 'string') return { value, isCut: false }
  const isMarked = CUT_MARK.test(value.slice(-32))
  if (isJsonText !== true || !/^\s*[[{"]/.test(value)) return { value, isCut: isMarked }
  if (value.length > MAX_CHARACTERS) return { value, isCut: false }
  try {
    return { value: JSON.parse(value) as unknown, isCut: false }
  } catch {
    return { value, isCut: true }
  }
}

const isObject = (value: unknown): value is object =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Leaves of the arguments as our own instrumentation has them. */
function shaped(value: object, scanned: { readonly hits: readonly LocatedHit[] }, hashes: Hashes | undefined) {
  const shape = argumentShape(value, hashes ?? hashesOf(undefined))
  const leaves = classifiedLeaves(shape.args, { hits: scanned.hits, scannedBytes: 0, unscannedBytes: 0 })
  const fields: Record<string, unknown> = { argsBytes: shape.argsBytes, captureLevel: 'shape' }
  if (hashes === undefined) fields['args'] = leaves.map(({ hmac: _, ...leaf }) => leaf)
  else {
    fields['args'] = leaves
    if (shape.argsHmac !== '') fields['argsHmac'] = shape.argsHmac
    if (shape.argHandles.length > 0) fields['argHandles'] = shape.argHandles
  }
  return fields
}

/** An attribute's name as part of a path: names may be a caller's text. */
export const attributePath = (name: string): string =>
  /^[A-Za-z_$][\w$.-]{0,127}$/.test(name) && !holdsHandle(name) ? `attributes.${name}` : 'attributes.*'

/** A finding is known by its request, its class and its place: a span that comes again gives the same ones. */
export const findingEventId = (requestEventId: string, surface: string, findingClass: string, path: string): string =>
  createHash('sha256')
    .update(`${requestEventId}\u0000content.finding\u0000${surface}\u0000${findingClass}\u0000${path}`)
    .digest('hex')
    .slice(0, 32)
