/**
 * Rows without what only their collector put there: schemas that one side lacks, folders that one side uses, the tool that a payload was
 * hung on. An evaluation on rows as they came measures these too (peer-detection.md names them). Personal data around an injection is
 * the fourth: findings of personal data never flag a row, see measure.ts.
 */
import type { EvalRow, Words } from './corpora.ts'

const CARRIER = 'tool'
const CARRIER_SCHEMA = { type: 'object', properties: { input: { type: 'string' } } }
/** Where people keep files: which of them a corpus uses depends on who made it. What follows is kept. */
const FOLDERS =
  /(?<![\w./-])\/(?:home\/[\w-]+|Users\/[\w-]+|var\/www(?:\/html)?|mnt\/\w+|opt\/\w+|srv\/\w+|workspace|app|data)(?=\/|$|["'\s])/g
const NEUTRAL_FOLDER = '/srv/files'

export const neutralRow = (row: EvalRow): EvalRow => ({ ...row, rows: row.rows.map(neutral) })

function neutral(row: Words): Words {
  const out: Record<string, unknown> = { ...row }
  for (const field of ['tool', 'before', 'after']) if (isWords(row[field])) out[field] = withSchema(row[field])
  if (typeof row['tool'] === 'string') out['tool'] = CARRIER
  for (const field of ['arguments', 'result']) if (row[field] !== undefined) out[field] = withoutFolders(row[field])
  return out
}

const isWords = (value: unknown): value is Words => value !== null && typeof value === 'object' && !Array.isArray(value)

function withSchema(tool: Words): Words {
  const schema = tool['inputSchema']
  const properties = isWords(schema) ? schema['properties'] : undefined
  const isEmpty = !isWords(properties) || Object.keys(properties).length === 0
  return isEmpty ? { ...tool, inputSchema: CARRIER_SCHEMA } : tool
}

function withoutFolders(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(FOLDERS, NEUTRAL_FOLDER)
  if (Array.isArray(value)) return value.map(withoutFolders)
  if (!isWords(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withoutFolders(inner)]))
}
