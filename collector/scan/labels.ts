/** From what was found to what events carry: classes, counts, places and keyed hashes of spans. Never a span. */
import type { LocatedHit, ParameterRole, Scanned, Surface, Verdict } from './classifier.ts'

/** Fields of one `content.finding`: every hit of one class at one place. */
export interface ContentFinding {
  readonly surface: Surface
  readonly findingClass: string
  readonly hits: number
  /** Score, verdict, detector, decodings, role and span hash are those of the strongest hit. */
  readonly score: number
  readonly detector: string
  readonly detectorVersion: string
  readonly verdict: Verdict
  readonly spanHash: string
  readonly contentPath: string
  readonly parameterRole: ParameterRole
  readonly decodings: readonly string[]
  readonly validated: boolean
  readonly domains: readonly string[]
}

/** What a schema allows in a name and a list (schemas/field.ts). */
const MAX_PATH = 512
const MAX_DOMAINS = 32
const MAX_FINDINGS = 64
const VERDICTS: readonly Verdict[] = ['benign', 'suspicious', 'malicious']

/** Sorted, each once. */
export const classesOf = (scanned: Scanned): string[] => [...new Set(scanned.hits.map((hit) => hit.class))].sort()

/** The strongest verdict of each class, as class=verdict; in the order of `classesOf`. */
export function verdictsOf(scanned: Scanned): string[] {
  const strongest = new Map<string, Verdict>()
  for (const hit of scanned.hits) {
    const known = strongest.get(hit.class)
    if (known === undefined || VERDICTS.indexOf(hit.verdict) > VERDICTS.indexOf(known))
      strongest.set(hit.class, hit.verdict)
  }
  return classesOf(scanned).map((kind) => `${kind}=${strongest.get(kind)!}`)
}

/** Classes by place; `leafPathOf` makes the place that of `args[].path` in a tool.call. */
export function classesByPath(
  scanned: Scanned,
  pathOf: (path: string) => string = (path) => path,
): ReadonlyMap<string, readonly string[]> {
  const byPath = new Map<string, Set<string>>()
  for (const hit of scanned.hits) {
    const path = pathOf(hit.path)
    const classes = byPath.get(path)
    if (classes === undefined) byPath.set(path, new Set([hit.class]))
    else classes.add(hit.class)
  }
  return new Map([...byPath].map(([path, classes]) => [path, [...classes].sort()]))
}

/** `args.files[3].name` -> `files[].name`: how the shape of arguments names its leaves. */
export const leafPathOf = (path: string): string => path.replace(/^args\.?/, '').replace(/\[\d+\]/g, '[]')

/**
 * One finding for each (class, path), the strongest first; at most `limit`. `hashOf` keys the hash of a span: the only form in which
 * it leaves the process.
 */
export function findingsOf(
  scanned: Scanned,
  surface: Surface,
  hashOf: (span: string) => string,
  limit = MAX_FINDINGS,
): ContentFinding[] {
  const groups = new Map<string, LocatedHit[]>()
  for (const hit of scanned.hits) {
    const key = `${hit.class}\n${hit.path}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [hit])
    else group.push(hit)
  }
  const strongest = [...groups.values()].map((group) => [group.reduce(stronger), group] as const)
  strongest.sort(([a], [b]) => compare(b, a) || (a.class < b.class ? -1 : 1))
  return strongest.slice(0, limit).map(([best, group]) => ({
    surface,
    findingClass: best.class,
    hits: group.length,
    score: best.score,
    detector: best.detector,
    detectorVersion: best.detectorVersion,
    verdict: best.verdict,
    spanHash: hashOf(best.span),
    contentPath: best.path.slice(0, MAX_PATH).toWellFormed(),
    parameterRole: best.role,
    decodings: best.decodings,
    validated: group.some((hit) => hit.validated === true),
    domains: domainsOf(group),
  }))
}

const compare = (a: LocatedHit, b: LocatedHit): number =>
  VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || a.score - b.score
const stronger = (a: LocatedHit, b: LocatedHit): LocatedHit => (compare(b, a) > 0 ? b : a)

function domainsOf(group: readonly LocatedHit[]): string[] {
  const domains = new Set<string>()
  for (const hit of group) for (const domain of hit.domains ?? []) if (domains.size < MAX_DOMAINS) domains.add(domain)
  return [...domains]
}
