/** The catalogue of rules, made from the rules themselves: nothing is written twice. */
import { z } from 'zod'
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
  return ['# Rules', '', '| rule | title | severity |', '|---|---|---|', ...index, '', ...sections].join('\n')
}
