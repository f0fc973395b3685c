/**
 * How bad it is what a classifier found in content: one table for all rules on content, so that live traffic and a scan of files agree.
 * A function of the finding alone. What was refused, what a tag allows and what else stands in the same call is up to the rules.
 */
import { type Severity, severityRank } from '../schemas/finding.ts'

/** What of a `content.finding` decides. */
export interface ContentFacts {
  readonly surface: string
  /** Family and kind, such as `injection.conceal`. */
  readonly findingClass: string
  readonly verdict: string
  readonly score: number
  readonly parameterRole: string
  /** A checksum or structure proves it. */
  readonly validated: boolean
  readonly decodings: readonly string[]
  readonly contentPath: string
}

/** Its fields, as rules require them. */
export const FACT_FIELDS = [
  'surface',
  'findingClass',
  'verdict',
  'score',
  'parameterRole',
  'contentPath',
  'decodings',
  'validated',
] as const
/** Those that most findings do not have. */
export const RARE_FACTS = ['parameterRole', 'decodings', 'validated'] as const
/** All of them, and the hosts: for rules that say what was seen. */
export const CONTENT_FIELDS = [...FACT_FIELDS, 'domains'] as const

export type Family = 'injection' | 'exfiltration' | 'unicode' | 'homoglyph' | 'terminal' | 'attack' | 'secret' | 'pii'
/** '' for a class without a family. */
export const familyOf = (findingClass: string): string => findingClass.slice(0, Math.max(0, findingClass.indexOf('.')))
const kindOf = (findingClass: string): string => findingClass.slice(findingClass.indexOf('.') + 1)

/** Attacks on paths and files (inj-004), on where requests go (inj-005), and all others, on what is run (inj-003). */
const PATH_ATTACKS: ReadonlySet<string> = new Set(['path_traversal', 'sensitive_file', 'null_byte', 'unc_path'])
export function attackOn(findingClass: string): 'path' | 'address' | 'program' | undefined {
  if (familyOf(findingClass) !== 'attack') return undefined
  const kind = kindOf(findingClass)
  return PATH_ATTACKS.has(kind) ? 'path' : kind === 'ssrf' ? 'address' : 'program'
}

/** Whose words they are: the server declares them, it hands them on from somewhere, or a caller passes them. */
type Voice = 'declared' | 'handed_on' | 'passed'
const voiceOf = (surface: string): Voice =>
  surface === 'definition' || surface === 'instructions' ? 'declared' : surface === 'arguments' ? 'passed' : 'handed_on'

/** Of what is malicious, and of what is suspicious. */
type Grades = readonly [malicious: Severity, suspicious: Severity]
const GRAVE: Grades = ['high', 'medium']
const MILD: Grades = ['medium', 'low']
/**
 * An order to the model counts the same wherever the model reads it. Odd characters have no place in what a server declares; in pages and
 * documents they come from word processors and other languages. What a caller passes may be a text about attacks.
 */
const TABLE: Readonly<Record<string, Readonly<Record<Voice, Grades>>>> = {
  injection: { declared: GRAVE, handed_on: GRAVE, passed: ['medium', 'medium'] },
  exfiltration: { declared: GRAVE, handed_on: GRAVE, passed: MILD },
  unicode: { declared: GRAVE, handed_on: MILD, passed: MILD },
  homoglyph: { declared: GRAVE, handed_on: MILD, passed: MILD },
  terminal: { declared: ['high', 'high'], handed_on: MILD, passed: MILD },
  attack: { declared: GRAVE, handed_on: GRAVE, passed: GRAVE },
}

/** Encodings that nobody writes an honest sentence in; the blob of a resource is always in one. */
const DISGUISES: ReadonlySet<string> = new Set(['base64', 'hex'])
const isDisguised = ({ decodings, contentPath }: ContentFacts): boolean =>
  decodings.some((each) => DISGUISES.has(each)) && !contentPath.endsWith('blob') && !contentPath.endsWith('data')
/** Marks that structure a conversation: alone they may be a transcript. */
const MARKER = 'injection.role_marker'
/** Terminal control that ordinary programs print: no sequence, but characters that overwrite. */
const OVERPRINT: ReadonlySet<string> = new Set(['terminal.overwrite', 'terminal.backspace'])

/** Undefined: not worth a finding. `pii`: what personal data is worth, by policy. */
export function contentSeverity(found: ContentFacts, pii: Severity = 'low'): Severity | undefined {
  const { findingClass, verdict, surface } = found
  const family = familyOf(findingClass)
  if (family === 'pii') return pii
  const voice = voiceOf(surface)
  // A tool prints colours all day; that a terminal obeys what it prints is worth a line.
  if (family === 'terminal' && verdict === 'benign') return voice === 'handed_on' ? 'low' : undefined
  if (verdict !== 'malicious' && verdict !== 'suspicious') return undefined
  const isMalicious = verdict === 'malicious'
  if (family === 'secret') return secretSeverity(found, isMalicious, voice)
  const grades = Object.hasOwn(TABLE, family) ? TABLE[family] : undefined
  if (grades === undefined) return undefined
  if (findingClass === MARKER && voice === 'handed_on') return 'medium'
  if (OVERPRINT.has(findingClass)) return isMalicious || voice === 'declared' ? 'medium' : 'low'
  if (family === 'injection' && voice !== 'passed' && isDisguised(found)) return 'high'
  // What is written for a reader may show an attack without being one.
  if (family === 'attack' && !isMalicious && found.parameterRole === 'text') return 'low'
  return grades[voice][isMalicious ? 0 : 1]
}

/** Keys that their issuers tell people to put into web pages. */
const PUBLISHABLE: ReadonlySet<string> = new Set(['gcp_api_key'])
/** Below this only the name says that the value is secret. */
const SURE_SCORE = 0.7

function secretSeverity(
  { findingClass, score, validated }: ContentFacts,
  isMalicious: boolean,
  voice: Voice,
): Severity | undefined {
  // Test keys, identifiers that go with a secret, the sample token of every manual.
  if (!isMalicious) return 'low'
  if (score < SURE_SCORE || PUBLISHABLE.has(kindOf(findingClass))) return 'medium'
  return voice === 'handed_on' && validated ? 'critical' : 'high'
}

const LOWER: Readonly<Record<Severity, Severity>> = {
  critical: 'high',
  high: 'medium',
  medium: 'low',
  low: 'low',
  info: 'info',
}
/** What was refused is a probe: one step less. */
export const asProbe = (severity: Severity): Severity => LOWER[severity]
export const isAtLeast = (severity: Severity, floor: Severity): boolean => severityRank(severity) >= severityRank(floor)

interface Described extends ContentFacts {
  readonly domains: readonly string[]
}
/** What was seen, in the words of the classifiers; the place is the caller’s or the server’s words. */
export const sawContent = ({ findingClass, surface, contentPath }: Described): string =>
  `${findingClass} in ${surface}${contentPath === '' ? '' : ` ${contentPath.slice(0, 200)}`}`
/** Facts of a finding for whoever triages it; what was not said is left out. */
export function contentEvidence(found: Described): Record<string, string | number | readonly string[]> {
  const { findingClass, verdict, score, parameterRole, contentPath, decodings, domains } = found
  return {
    class: findingClass,
    verdict,
    score,
    path: contentPath,
    ...(parameterRole !== '' && { role: parameterRole }),
    ...(decodings.length > 0 && { decodings }),
    ...(domains.length > 0 && { domains }),
  }
}
