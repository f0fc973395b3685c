/**
 * What people may ask. `readonly = 1` of the engine is not enough: under it a SELECT still reads any file with the scalar function
 * file(), writes one with INTO OUTFILE, DESCRIBE opens files and URLs, eval() runs a text, and KILL QUERY stops an insert (measured on
 * 26.7). This guard stands in front of it, and the engine's own limits stand behind.
 */
import type { AuditdError } from '../../schemas/errors.ts'
import { engineFault } from './failure.ts'
import { type SqlToken, sqlTokens } from './sql-text.ts'

/** Statements that begin so, and only those. */
const READS = new Set(['select', 'with', 'from', 'show', 'describe', 'desc', 'exists', 'explain'])
/** Of these the engine resolves table functions before it looks at `readonly`, so they get no function at all. */
const WITHOUT_FUNCTIONS = new Set(['show', 'describe', 'desc', 'exists'])
/** Words that make a reading statement write or run another. */
const WORDS = new Set(['outfile', 'infile', 'parallel', 'insert', 'kill'])
/** Functions that reach outside the engine, under any spelling and also as the argument of APPLY. */
const FUNCTIONS = new Set(['file', 'catboostevaluate', 'eval', 'getclienthttpheader', 'python', 'fuzzquery'])
/** Functions that ask a language model over the network. */
const AI_FUNCTION = /^ai(classify|generate|extract|translate|embed)/
/** Table functions that only make or combine rows of the engine. Of the others none may be called. */
const TABLE_FUNCTIONS = new Set([
  ...['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes', 'values', 'generateseries', 'generate_series'],
  ...['view', 'null', 'format', 'merge', 'mergetreeindex', 'generaterandom'],
])
/** Known at any time; the store adds what the engine itself lists. */
export const EXTERNAL_TABLE_FUNCTIONS: readonly string[] = [
  ...['file', 'filecluster', 'url', 'urlcluster', 's3', 's3cluster', 'gcs', 'oss', 'cosn', 'hdfs', 'hdfscluster'],
  ...[
    'azureblobstorage',
    'azureblobstoragecluster',
    'remote',
    'remotesecure',
    'cluster',
    'clusterallreplicas',
    'mysql',
  ],
  ...['postgresql', 'mongodb', 'redis', 'sqlite', 'odbc', 'jdbc', 'executable', 'filesystem', 'iceberg', 'deltalake'],
  ...['hudi', 'paimon', 'ytsaurus', 'arrowstream', 'arrowflight', 'dictionary', 'input', 'loop', 'eval'],
]
/** Of the engine's list of table functions, those that may not be called. */
export const forbiddenTableFunctions = (listed: readonly string[]): ReadonlySet<string> =>
  new Set(
    [...EXTERNAL_TABLE_FUNCTIONS, ...listed.map((name) => name.toLowerCase())].filter(
      (name) => !TABLE_FUNCTIONS.has(name),
    ),
  )

export interface GuardedQuery {
  /** The statement without a trailing semicolon and without its FORMAT clause. */
  readonly sql: string
  /** The format its FORMAT clause named. */
  readonly format?: string
}

/** The statement, if it only reads; otherwise AuditdError('query_refused') saying what it may not. */
export function guardQuery(text: string, forbidden: ReadonlySet<string>): GuardedQuery {
  assertBeginsReading(text)
  const tokens = [...sqlTokens(text)]
  while (tokens.at(-1)?.value === ';' && tokens.at(-1)?.kind === 'mark') tokens.pop()
  const first = tokens.find((token) => token.value !== '(' || token.kind !== 'mark')
  if (first === undefined) throw unreadable('the query is empty')
  const verb = first.kind === 'word' ? first.value.toLowerCase() : ''
  if (!READS.has(verb)) throw notReading(first.value)
  for (const [i, token] of tokens.entries()) check(token, tokens[i + 1], verb, forbidden)
  const [before, word, name] = tokens.slice(-3)
  const named = word?.kind === 'word' && word.value.toLowerCase() === 'format' && name?.kind === 'word'
  if (named && before !== undefined) return { sql: text.slice(0, word.at).trimEnd(), format: name.value }
  return { sql: text.slice(0, tokens.at(-1)!.end) }
}

/** Said before the rest is looked at: the rows of an INSERT need not be readable as SQL. */
export function assertBeginsReading(text: string): void {
  const begins = /^[\s(]*([A-Za-z]+)/.exec(text.slice(0, 256))?.[1]
  if (begins !== undefined && !READS.has(begins.toLowerCase())) throw notReading(begins)
}

function check(token: SqlToken, next: SqlToken | undefined, verb: string, forbidden: ReadonlySet<string>): void {
  if (token.kind === 'mark' && token.value === ';') throw unreadable('one statement at a time')
  if (token.kind !== 'word' && token.kind !== 'name') return
  const value = token.value.toLowerCase()
  if (token.kind === 'word' && WORDS.has(value)) throw writes(`${value.toUpperCase()} is not allowed`)
  if (FUNCTIONS.has(value) || AI_FUNCTION.test(value)) throw refused(`${value} is not allowed`)
  if (next?.value !== '(' || next.kind !== 'mark') return
  if (WITHOUT_FUNCTIONS.has(verb)) throw refused(`${verb.toUpperCase()} may not call functions`)
  if (forbidden.has(value)) throw refused(`${value}() reaches outside the store`)
}

const printable = (value: string): string => JSON.stringify(value.slice(0, 40))
const unreadable = (reason: string): AuditdError => engineFault(62, 'SYNTAX_ERROR', reason)
const writes = (reason: string): AuditdError => engineFault(164, 'READONLY', reason)
const notReading = (verb: string): AuditdError => writes(`only reading is allowed, not ${printable(verb)}`)
const refused = (reason: string): AuditdError => engineFault(497, 'ACCESS_DENIED', reason)
