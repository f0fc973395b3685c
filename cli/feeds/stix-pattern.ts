/** STIX 2.1 patterns, as far as single observables go: comparisons with = and IN, joined by OR. What needs more is left to others. */

export type IndicatorKind = 'domain' | 'ip' | 'url' | 'hash'
export interface Observable {
  readonly kind: IndicatorKind
  readonly value: string
}

const MAX_PATTERN_CHARS = 100_000
const MAX_VALUES = 1_000
/** One comparison: an object path, an operator and what it is compared with. */
const COMPARISON = /^\s*([a-z0-9-]+):([A-Za-z0-9_.'-]+?)\s*(=|IN)\s*/
const TEXT = /^\s*'((?:[^'\\]|\\.)*)'/
const PATHS: Readonly<Record<string, IndicatorKind>> = {
  'domain-name:value': 'domain',
  'hostname:value': 'domain',
  'ipv4-addr:value': 'ip',
  'ipv6-addr:value': 'ip',
  'url:value': 'url',
}
const HASH_PATH = /^(?:file|artifact|x509-certificate):hashes\.'?(?:MD5|SHA-?1|SHA-?256|SHA-?512)'?$/i

/** Undefined for a pattern that says more than "one of these is seen", and for one that cannot be read. */
export function observablesOf(pattern: string): readonly Observable[] | undefined {
  if (pattern.length > MAX_PATTERN_CHARS) return undefined
  const found: Observable[] = []
  let rest = pattern.trim()
  while (rest !== '') {
    if (!rest.startsWith('[')) return undefined
    const inner = readComparisons(rest.slice(1), found)
    if (inner === undefined || found.length > MAX_VALUES) return undefined
    rest = inner.trimStart()
    const or = /^OR\s*(?=\[)/.exec(rest)
    if (or === null && rest !== '') return undefined
    rest = rest.slice(or?.[0].length ?? 0)
  }
  return found.length === 0 ? undefined : found
}

/** Comparisons up to the closing bracket; answers what comes after it. */
function readComparisons(text: string, found: Observable[]): string | undefined {
  let rest = text
  for (;;) {
    const comparison = COMPARISON.exec(rest)
    if (comparison === null) return undefined
    const kind = kindOf(`${comparison[1]}:${comparison[2]}`)
    rest = rest.slice(comparison[0].length)
    const values = comparison[3] === 'IN' ? readSet(rest) : readText(rest)
    if (kind === undefined || values === undefined) return undefined
    for (const value of values.values) {
      const normal = normalized(kind, value)
      if (normal === undefined) return undefined
      found.push({ kind, value: normal })
    }
    rest = values.rest.trimStart()
    if (rest.startsWith(']')) return rest.slice(1)
    const or = /^OR\s+/.exec(rest)
    if (or === null) return undefined
    rest = rest.slice(or[0].length)
  }
}
interface Values {
  readonly values: readonly string[]
  readonly rest: string
}
function readText(text: string): Values | undefined {
  const found = TEXT.exec(text)
  return found === null ? undefined : { values: [found[1]!.replace(/\\(.)/g, '$1')], rest: text.slice(found[0].length) }
}
function readSet(text: string): Values | undefined {
  let rest = text.trimStart()
  if (!rest.startsWith('(')) return undefined
  const values: string[] = []
  do {
    const one = readText(rest.slice(1))
    if (one === undefined || values.length >= MAX_VALUES) return undefined
    values.push(...one.values)
    rest = one.rest.trimStart()
  } while (rest.startsWith(','))
  return rest.startsWith(')') ? { values, rest: rest.slice(1) } : undefined
}

const kindOf = (path: string): IndicatorKind | undefined => PATHS[path] ?? (HASH_PATH.test(path) ? 'hash' : undefined)

/** As producers write the same thing; undefined for a network, which no hash can stand for. */
function normalized(kind: IndicatorKind, value: string): string | undefined {
  switch (kind) {
    case 'domain': {
      const domain = value.trim().toLowerCase().replace(/\.$/, '')
      return /^[^\s/]{1,253}$/.test(domain) ? domain : undefined
    }
    case 'ip': {
      const address = value
        .trim()
        .toLowerCase()
        .replace(/\/(32|128)$/, '')
      return /^[0-9a-f.:]{2,45}$/.test(address) ? address : undefined
    }
    case 'hash':
      return /^[0-9a-f]{32,128}$/i.test(value.trim()) ? value.trim().toLowerCase() : undefined
    case 'url':
      return URL.canParse(value) ? new URL(value).href : undefined
  }
}
