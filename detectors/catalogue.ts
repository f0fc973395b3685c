/** The catalogue of rules, made from the rules themselves: nothing is written twice. */
import { z } from 'zod'
import { CATALOGUE } from './catalogue-rows.ts'
import { type AnyRule, SHAPE_NAMES } from './loaded-rule.ts'

export interface RuleEntry {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly severity: AnyRule['severity']
  readonly logic: string
  /** Scope of its state, or of whom its findings are about; '' for the server. */
  readonly per: string
  /** Whom its findings are about, where that is not `per`. */
  readonly about: string
  readonly why: string
  readonly falsePositives: readonly string[]
  readonly blindSpots: readonly string[]
  readonly triage: readonly string[]
  readonly refs: readonly string[]
  readonly requires: Readonly<Record<string, readonly string[]>>
  readonly producerGaps: Readonly<Record<string, string>>
  /** JSON Schema of its options. */
  readonly options: unknown
  readonly examples: { readonly match: readonly string[]; readonly noMatch: readonly string[] }
}
const logicOf = (rule: AnyRule): string =>
  rule.check !== undefined
    ? 'check'
    : rule.cell !== undefined
      ? 'cell'
      : (SHAPE_NAMES.find((name) => rule[name] !== undefined) ?? '')
const filled = <V>(record: Readonly<Record<string, V | undefined>>): Record<string, V> =>
  Object.fromEntries(Object.entries(record).filter((entry): entry is [string, V] => entry[1] !== undefined))

export const rulesAsJson = (rules: readonly AnyRule[]): readonly RuleEntry[] =>
  rules.map((rule) => ({
    id: rule.id,
    version: rule.version,
    title: rule.title,
    severity: rule.severity,
    logic: logicOf(rule),
    per: rule.per ?? '',
    about: rule.about ?? '',
    why: rule.why,
    falsePositives: rule.falsePositives,
    blindSpots: rule.blindSpots,
    triage: rule.triage,
    refs: rule.refs,
    requires: filled(rule.requires),
    producerGaps: filled(rule.producerGaps ?? {}),
    options: z.toJSONSchema(rule.config, { io: 'input' }),
    examples: {
      match: rule.examples.match.map(({ name }) => name),
      noMatch: rule.examples.noMatch.map(({ name }) => name),
    },
  }))

const list = (heading: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`**${heading}**`, '', ...lines.map((line) => `- ${line}`), '']
const severityText = (severity: AnyRule['severity']): string =>
  typeof severity === 'string'
    ? severity
    : `${severity.allowed} when the server allowed it, ${severity.denied} when it refused`

function optionLines(entry: RuleEntry): string[] {
  const { properties = {} } = entry.options as {
    properties?: Record<string, { description?: string; default?: unknown }>
  }
  return Object.entries(properties).map(
    ([name, { description = '', default: value }]) =>
      `\`${name}\` (default \`${JSON.stringify(value)}\`): ${description}`,
  )
}

export function rulesAsMarkdown(rules: readonly AnyRule[]): string {
  const entries = rulesAsJson(rules)
  const index = entries.map(({ id, title, severity }) => `| [${id}](#${id}) | ${title} | ${severityText(severity)} |`)
  const sections = entries.flatMap((entry) => [
    `## ${entry.id}`,
    '',
    `${entry.title}. Severity: ${severityText(entry.severity)}. Logic: ${entry.logic}${entry.per === '' ? '' : ` per ${entry.per}`}${entry.about === '' ? '' : `, about the ${entry.about}`}. Version ${entry.version}.`,
    '',
    entry.why,
    '',
    ...list('False positives', entry.falsePositives),
    ...list('Cannot see', entry.blindSpots),
    ...list('Triage', entry.triage),
    ...list(
      'Reads',
      Object.entries(entry.requires).map(([type, fields]) => `\`${type}\`: ${fields.join(', ')}`),
    ),
    ...list(
      'No producer yet',
      Object.entries(entry.producerGaps).map(([type, gap]) => `\`${type}\`: ${gap}`),
    ),
    ...list('Options', optionLines(entry)),
    ...list('Matches', entry.examples.match),
    ...list('Stays silent', entry.examples.noMatch),
    `References: ${entry.refs.join(', ')}`,
    '',
  ])
  return [
    ...['# Rules', '', '| row | what | rules | state |', '|---|---|---|---|', ...catalogueLines(rules), ''],
    ...['| rule | title | severity |', '|---|---|---|', ...index, '', ...sections],
  ].join('\n')
}

/** Of a row of the catalogue: what makes its rules, or why it has none. */
export interface CatalogueRow {
  readonly row: string
  readonly title: string
  readonly rules: readonly string[]
  /** ACTIVE: where its events come; INACTIVE: something has no producer yet, or there is no rule. What holds on a server is its coverage. */
  readonly state: 'ACTIVE' | 'INACTIVE'
  readonly reason: string
}
export function catalogueRows(rules: readonly AnyRule[]): readonly CatalogueRow[] {
  return CATALOGUE.flatMap(({ family, rows }) =>
    rows.map((title, at) => {
      const row = `${family}-${String(at + 1).padStart(3, '0')}`
      const own = rules.filter(({ id }) => id.startsWith(`${row}-`))
      const blind = own.filter((rule) => {
        const main = mainTypes(rule)
        return main.length > 0 && main.every((type) => rule.producerGaps?.[type] !== undefined)
      })
      const isActive = own.length > blind.length
      const gaps = [...new Set(own.flatMap((rule) => Object.values(filled(rule.producerGaps ?? {}))))]
      const reason = own.length === 0 ? 'no rule yet' : isActive ? '' : gaps.join('; ')
      return { row, title, rules: own.map(({ id }) => id), state: isActive ? 'ACTIVE' : 'INACTIVE', reason }
    }),
  )
}
const mainTypes = ({ requires, occasional = [] }: AnyRule): readonly string[] =>
  Object.keys(requires).filter((type) => !occasional.includes(type))
const catalogueLines = (rules: readonly AnyRule[]): readonly string[] =>
  catalogueRows(rules).map(
    ({ row, title, rules: own, state, reason }) =>
      `| ${row.toUpperCase()} | ${title} | ${own.join(' ')} | ${state}${reason === '' ? '' : `: ${reason}`} |`,
  )
