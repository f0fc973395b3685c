/** The development corpora as rows of a scan, each with what it is known to be. Read from beside the project, never copied into it. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

export const FOLDER = resolve(import.meta.dirname, '../../../shared/corpora')
export const hasCorpora = (): boolean => existsSync(FOLDER)

/** What is measured together: one table each. */
export const SETS = ['tools', 'unicode', 'results', 'arguments', 'changes', 'secrets', 'pii'] as const
export type EvalSet = (typeof SETS)[number]
export type Words = Readonly<Record<string, unknown>>

export interface EvalRow {
  readonly id: string
  readonly set: EvalSet
  readonly isMalicious: boolean
  /** Attack type, or what kind of benign data it is. */
  readonly type: string
  readonly subtype: string
  readonly source: string
  /** Rows of the command `scan`; several for a recorded session: it is flagged when one of them is. */
  readonly rows: readonly Words[]
}

type Raw = Words & { readonly id: string }
const readFile = (file: string): readonly Raw[] =>
  readFileSync(resolve(FOLDER, file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Raw)

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
/** The project that it comes from, without remarks on how it came. */
const sourceOf = (raw: Raw): string =>
  (textOf(raw['source']) || textOf(raw['source_repo']))
    .replace(/ \((?:via|MCP-Universe).*$/, '')
    .replace(/^composed: /, '')

type Shaped = Omit<EvalRow, 'id' | 'subtype' | 'source'>
const shaped = (raw: Raw, { set, isMalicious, type, rows }: Shaped): EvalRow => ({
  id: raw.id,
  set,
  isMalicious,
  type,
  subtype: textOf(raw['subtype']),
  source: sourceOf(raw),
  rows,
})

const FIELDS = ['id', 'server', 'tool', 'tools', 'arguments', 'result', 'before', 'after'] as const
const scanRowOf = (raw: Words): Words =>
  Object.fromEntries(FIELDS.flatMap((field) => (raw[field] === undefined ? [] : [[field, raw[field]]])))

const ATTACKS_OF_SECRETS = new Set(['secret_exposure'])

export function readCorpora(): readonly EvalRow[] {
  const malicious = (raw: Raw, set: EvalSet, type = textOf(raw['attack_type'])): EvalRow =>
    shaped(raw, { set, isMalicious: true, type, rows: [scanRowOf(raw)] })
  const benign = (raw: Raw, set: EvalSet, type: string): EvalRow =>
    shaped(raw, { set, isMalicious: false, type, rows: [scanRowOf(raw)] })
  return [
    ...readFile('tools.malicious.jsonl').map((raw) =>
      malicious(raw, raw['attack_type'] === 'hidden_unicode' ? 'unicode' : 'tools'),
    ),
    ...readFile('tools.malicious-unicode.jsonl').map((raw) => malicious(raw, 'unicode')),
    ...readFile('tools.benign.jsonl').map((raw) => benign(raw, 'tools', 'benign tools')),
    ...readFile('extra/tools.benign-hard.jsonl').map((raw) => benign(raw, 'tools', 'hard benign')),
    ...readFile('calls.malicious.jsonl').map((raw) =>
      malicious(
        raw,
        raw['arguments'] !== undefined
          ? 'arguments'
          : ATTACKS_OF_SECRETS.has(textOf(raw['attack_type']))
            ? 'secrets'
            : 'results',
      ),
    ),
    ...readFile('calls.benign.jsonl').map((raw) =>
      raw['arguments'] === undefined
        ? benign(raw, 'results', 'benign results')
        : benign(raw, 'arguments', 'benign arguments'),
    ),
    ...readFile('sessions.craibench.jsonl').flatMap(sessionOf),
    ...readFile('changes.malicious.jsonl').map((raw) => malicious(raw, 'changes')),
    ...readFile('changes.benign.jsonl').map((raw) => benign(raw, 'changes', 'benign changes')),
    ...readFile('secrets-pii.jsonl').map((raw) => {
      const set = sourceOf(raw).startsWith('gitleaks') ? 'secrets' : 'pii'
      return raw['label'] === 'malicious' ? malicious(raw, set) : benign(raw, set, `benign ${set}`)
    }),
  ]
}

/** The steps of a session are results of their own. What its attacker put into a memory nobody sees in a result is left out. */
function sessionOf(raw: Raw): readonly EvalRow[] {
  if (raw['label'] === 'malicious_not_visible') return []
  const steps = (raw['steps'] as readonly Words[] | undefined) ?? []
  const isMalicious = raw['label'] === 'malicious'
  const rows = steps.map((step) => scanRowOf({ server: step['server'], tool: step['tool'], result: step['result'] }))
  return [shaped(raw, { set: 'results', isMalicious, type: isMalicious ? 'result_injection' : 'benign results', rows })]
}
