/** What a tool returns: whether it keeps to its own output schema, of which types its parts are, and to which hosts it points. */

import { fingerprint } from '../engine/shapes/fingerprint.ts'
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'

/** Types that are remembered; and hosts, beyond which a tool points anywhere and a new one says nothing. */
const MAX_TYPES = 16
const MAX_HOSTS = 8
const MAX_FAILURES = 32
const MARK_CHARS = 7

/**
 * Of one version of the tool. `results` since it was learned anew, `quiet` since the last new type or host. `hosts` are marks; `open`: it
 * pointed to more than fit.
 */
export type Output = {
  version: string
  failedMs: number[]
  types: string[]
  hosts: string[]
  open: boolean
  results: number
  quiet: number
}
export const notCalled = () =>
  ({
    version: '',
    failedMs: [],
    types: [],
    hosts: [],
    open: false,
    results: 0,
    quiet: 0,
  }) as Output

/** A release returns what it likes: it is learned anew. */
export function noteRelease(version: string, known: Output): void {
  if (known.version !== version) Object.assign(known, notCalled(), { version })
}

interface Result {
  readonly ts: number
  readonly tool: string
  /** Undefined: there is no schema, or nobody checked. */
  readonly schemaOk: boolean | undefined
  readonly contentTypes: readonly string[]
  readonly urlDomains: readonly string[]
}
export interface OutputOptions {
  readonly failures: number
  readonly withinMs: number
  readonly learn: number
}

export function judgeOutput(e: Result, known: Output, options: OutputOptions): Match | undefined {
  return judgeSchema(e, known, options) ?? judgeContent(e, known, options.learn)
}

function judgeSchema(
  { ts, schemaOk }: Result,
  known: Output,
  { failures, withinMs }: OutputOptions,
): Match | undefined {
  if (schemaOk !== false) return undefined
  known.failedMs = [...known.failedMs.filter((ms) => ts - ms < withinMs), ts].slice(-MAX_FAILURES)
  if (known.failedMs.length < failures) return undefined
  const count = known.failedMs.length
  known.failedMs = []
  return {
    severity: 'medium',
    saw: `${count} results within ${withinMs} ms that do not satisfy the output schema`,
    expected: 'results as the tool declares them',
    evidence: { class: 'schema', failures: count },
  }
}

/** Something that never stood in its results, once enough of them were seen and as many again brought nothing new. */
function judgeContent({ contentTypes, urlDomains }: Result, known: Output, learn: number): Match | undefined {
  const isLearned = known.quiet >= learn
  known.results++
  known.quiet++
  if (urlDomains.length === 0 && contentTypes.every((type) => known.types.includes(shortName(type)))) return undefined
  const types = newIn(known.types, contentTypes.map(shortName), MAX_TYPES)
  const marked = new Map(urlDomains.map((host) => [markOf(host), host]))
  const room = MAX_HOSTS - known.hosts.length
  const marks = newIn(known.hosts, [...marked.keys()], MAX_HOSTS)
  if (marks.length > room) known.open = true
  if (types.length > 0 || marks.length > 0) known.quiet = 0
  const hosts = marks.filter(() => !known.open).map((mark) => marked.get(mark)!)
  if (!isLearned || (types.length === 0 && hosts.length === 0)) return undefined
  const saw = [...types.map((type) => `parts of type ${type}`), ...hosts.map((host) => `links to ${shortName(host)}`)]
  return {
    severity: types.length > 0 || known.hosts.length === hosts.length ? 'medium' : 'low',
    saw: `${saw.slice(0, 5).join(', ')}, which its results never held`,
    expected: 'results as those before',
    evidence: {
      class: types.length > 0 ? 'content_type' : 'link',
      learned: known.results - 1,
      types,
      hosts: hosts.slice(0, 8),
    },
  }
}

/** Adds what is new, as far as there is room, and answers it. */
function newIn(known: string[], found: readonly string[], most: number): string[] {
  const news = [...new Set(found)].filter((each) => !known.includes(each))
  known.push(...news.slice(0, most - known.length))
  return news
}
const markOf = (host: string): string => fingerprint(host).toString(36).padStart(MARK_CHARS, '0').slice(-MARK_CHARS)
