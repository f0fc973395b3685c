/** SQL as tokens, the way ClickHouse reads it: enough to tell words from texts and comments, and nothing more. */
import type { AuditdError } from '../../schemas/errors.ts'
import { engineFault } from './failure.ts'

export interface SqlToken {
  /** `name`: a quoted identifier, without its quotes. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'mark'
  readonly value: string
  readonly at: number
  readonly end: number
}

const SPACE = /\s/
const WORD = /[A-Za-z_]/
const WORD_REST = /[A-Za-z0-9_$]/
const DIGIT = /[0-9]/

/**
 * Tokens of a text. Whatever it cannot place for sure (an open quote, an escape in a quoted identifier) is refused, never guessed: to the
 * engine some characters beyond ASCII are blanks (U+200B) and others quotes (U+201C), and no unquoted name holds any.
 */
export function sqlTokens(sql: string): readonly SqlToken[] {
  const tokens: SqlToken[] = []
  for (let at = 0; at < sql.length; ) {
    const char = sql[at]!
    const comment = commentEnd(sql, at)
    if (comment > at) {
      at = comment
      continue
    }
    if (SPACE.test(char)) {
      at += 1
      continue
    }
    const token = tokenAt(sql, at, char)
    tokens.push(token)
    at = token.end
  }
  return tokens
}

function tokenAt(sql: string, at: number, char: string): SqlToken {
  if (char === "'") return { kind: 'text', value: '', at, end: quoteEnd(sql, at, "'") }
  if (char === '"' || char === '`') {
    const end = quoteEnd(sql, at, char)
    const value = sql.slice(at + 1, end - 1)
    if (value.includes('\\') || value.includes(char)) throw unclear('an escape in a quoted identifier')
    return { kind: 'name', value, at, end }
  }
  if (char === '$') {
    const tag = /^\$[A-Za-z0-9_]*\$/.exec(sql.slice(at, at + 64))?.[0]
    const close = tag === undefined ? -1 : sql.indexOf(tag, at + tag.length)
    if (tag === undefined || close < 0) throw unclear('a heredoc that does not end')
    return { kind: 'text', value: '', at, end: close + tag.length }
  }
  if (WORD.test(char)) {
    let end = at + 1
    while (end < sql.length && WORD_REST.test(sql[end]!)) end += 1
    return { kind: 'word', value: sql.slice(at, end), at, end }
  }
  if (DIGIT.test(char)) {
    let end = at + 1
    while (end < sql.length && /[A-Za-z0-9_.]/.test(sql[end]!)) end += 1
    return { kind: 'number', value: sql.slice(at, end), at, end }
  }
  if (char.charCodeAt(0) < 32 || char === '\\') throw unclear('a control character')
  if (char > '~') throw unclear('a character beyond ASCII outside of quotes')
  return { kind: 'mark', value: char, at, end: at + 1 }
}

/** End of a comment that starts here, or `at`. */
function commentEnd(sql: string, at: number): number {
  if (sql.startsWith('/*', at)) {
    const close = sql.indexOf('*/', at + 2)
    if (close < 0) throw unclear('a comment that does not end')
    // Engines differ on nested comments, so none is let through.
    if (sql.slice(at + 2, close).includes('/*')) throw unclear('a comment within a comment')
    return close + 2
  }
  if (!sql.startsWith('--', at) && !sql.startsWith('#!', at) && !sql.startsWith('# ', at)) return at
  const line = sql.indexOf('\n', at)
  return line < 0 ? sql.length : line
}

/** Index after the closing quote; a doubled quote and a backslash escape belong to the text. */
function quoteEnd(sql: string, at: number, quote: string): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] === '\\') i += 1
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i += 1
    }
  }
  throw unclear('a quote that does not end')
}
const unclear = (what: string): AuditdError => engineFault(62, 'SYNTAX_ERROR', `the text has ${what}`)

/** Statements of a text, without the semicolons between them. */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = []
  let from = 0
  let tokensSince = 0
  for (const token of sqlTokens(sql)) {
    if (token.kind !== 'mark' || token.value !== ';') {
      tokensSince += 1
      continue
    }
    if (tokensSince > 0) statements.push(sql.slice(from, token.at).trim())
    from = token.end
    tokensSince = 0
  }
  if (tokensSince > 0) statements.push(sql.slice(from).trim())
  return statements
}
