/**
 * How bad it is what a classifier found in content: one table for all rules on content, so that live traffic and a scan of files agree.
 * A function of the finding alone. What was refused, what a tag allows and what else stands in the same call is up to the rules.
 */
import { type Severity, severityRank } from '../../schemas/finding.ts'

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

/** '' for a class without a family. */
export const familyOf = (findingClass: string): string => findingClass.slice(0, Math.max(0, findingClass.indexOf('.')))

/** Attacks on paths and files (inj-004) and on where requests go (inj-005); all others are on what is run (inj-003). */
const ATTACKED: ReadonlyMap<string, 'path' | 'address'> = new Map([
  ['attack.path_traversal', 'path'],
  ['attack.sensitive_file', 'path'],
  ['attack.null_byte', 'path'],
  ['attack.unc_path', 'path'],
  ['attack.ssrf', 'address'],
])
export const attackOn = (findingClass: string): 'path' | 'address' | 'program' | undefined =>
  familyOf(findingClass) === 'attack' ? (ATTACKED.get(findingClass) ?? 'program') : undefined

/** Whose words they are: the server declares them, a caller passes them, or the server hands them on from somewhere. */
type Voice = 'declared' | 'passed' | 'handed_on'
const VOICES: ReadonlyMap<string, Voice> = new Map([
  ['definition', 'declared'],
  ['instructions', 'declared'],
  ['arguments', 'passed'],
])

/** Encodings that nobody writes an honest sentence in; the blob of a resource is always in one. */
const DISGUISES: ReadonlySet<string> = new Set(['base64', 'hex'])
const ENCODED_PLACE = /(?:blob|data)$/
/** Below this only the name says that the value is secret. */
const SURE_SCORE = 0.7
const CIRCUMSTANCES = {
  any: () => true,
  disguised: ({ decodings, contentPath }: ContentFacts) =>
    decodings.some((each) => DISGUISES.has(each)) && !ENCODED_PLACE.test(contentPath),
  // What is written for a reader may show an attack without being one.
  written: ({ parameterRole }: ContentFacts) => parameterRole === 'text',
  unsure: ({ score }: ContentFacts) => score < SURE_SCORE,
  proven: ({ validated }: ContentFacts) => validated,
} as const

/** By verdict; one that is missing is not worth a finding. */
type Grades = ReadonlyMap<string, Severity>
const grades = (malicious: Severity, suspicious: Severity, more: readonly [string, Severity][] = []): Grades =>
  new Map([['malicious', malicious], ['suspicious', suspicious], ...more])
const GRAVE = grades('high', 'medium')
const MILD = grades('medium', 'low')

/** The first row that fits decides. Without a class, a voice or a circumstance a row fits any. */
interface Row {
  readonly only?: string
  readonly from?: Voice
  readonly when?: keyof typeof CIRCUMSTANCES
  readonly is: Grades
}
const ODD_CHARACTERS: readonly Row[] = [{ from: 'declared', is: GRAVE }, { is: MILD }]
/**
 * An order to the model counts the same wherever the model reads it. Odd characters have no place in what a server declares; in pages and
 * documents they come from word processors and other languages. What a caller passes may be a text about attacks.
 */
const TABLE: ReadonlyMap<string, readonly Row[]> = new Map<string, readonly Row[]>([
  [
    'injection',
    [
      { from: 'passed', is: grades('medium', 'medium') },
      // Marks that structure a conversation: alone they may be a transcript.
      { only: 'injection.role_marker', from: 'handed_on', is: grades('medium', 'medium') },
      { when: 'disguised', is: grades('high', 'high') },
      { is: GRAVE },
    ],
  ],
  ['exfiltration', [{ from: 'passed', is: MILD }, { is: GRAVE }]],
  ['unicode', ODD_CHARACTERS],
  ['homoglyph', ODD_CHARACTERS],
  [
    'terminal',
    [
      // Characters that overwrite are no sequence: ordinary programs print them.
      { only: 'terminal.overwrite', from: 'declared', is: grades('medium', 'medium') },
      { only: 'terminal.backspace', from: 'declared', is: grades('medium', 'medium') },
      { from: 'declared', is: grades('high', 'high') },
      // A tool prints colours all day; that a terminal obeys what it prints is worth a line.
      { from: 'handed_on', is: grades('medium', 'low', [['benign', 'low']]) },
      { is: MILD },
    ],
  ],
  ['attack', [{ when: 'written', is: grades('high', 'low') }, { is: GRAVE }]],
  [
    'secret',
    [
      // What is only suspicious is a test key, an identifier that goes with a secret, the sample token of every manual.
      { when: 'unsure', is: MILD },
      // Its issuer tells people to put it into web pages.
      { only: 'secret.gcp_api_key', is: MILD },
      { from: 'handed_on', when: 'proven', is: grades('critical', 'low') },
      { is: grades('high', 'low') },
    ],
  ],
  // Where somebody asks for it; whether it should be there is up to the rule.
  [
    'pii',
    [
      {
        is: grades('low', 'low', [
          ['benign', 'low'],
          ['unknown', 'low'],
          ['', 'low'],
        ]),
      },
    ],
  ],
])

/** Undefined: not worth a finding. */
export function contentSeverity(found: ContentFacts): Severity | undefined {
  const { findingClass, surface, verdict } = found
  const family = familyOf(findingClass)
  const voice = VOICES.get(surface) ?? 'handed_on'
  const row = TABLE.get(family)?.find(
    ({ only = findingClass, from = voice, when = 'any' }) =>
      only === findingClass && from === voice && CIRCUMSTANCES[when](found),
  )
  return row?.is.get(verdict)
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
  const occasional = Object.entries({ role: parameterRole, decodings, domains }).filter(([, said]) => said.length > 0)
  return { class: findingClass, verdict, score, path: contentPath, ...Object.fromEntries(occasional) }
}
