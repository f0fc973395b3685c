/** What an alert says in words: its title, why it is so grave, and the query that shows its evidence. Names in it are hostile. */
import type { Finding } from '../schemas/finding.ts'
import { wasRefused } from './finding.ts'
import { sqlLiteral } from './sql-literal.ts'

/** UTF-16 units: a line of a chat, a column of a table. */
const TITLE_CHARS = 200
const SERVER_CHARS = 48
const TOOL_CHARS = 40
const CLIENT_CHARS = 32
/** Enough of a keyed hash to tell two people apart; redaction knows this length. */
const PRINCIPAL_CHARS = 12
/** What was expected is the shorter of the two, and never less than this. */
const EXPECTED_CHARS = 40
const CUT = '…'
/** The first half of a character whose second was cut off. */
const HALF = /[\ud800-\udbff]$/

/**
 * One line that reads as a sentence: what happened on which server, with which tool, by whom, what was seen and what was expected. What
 * nobody sees, or what turns the direction of reading, is a space.
 */
export function titleOf(finding: Finding): string {
  const tool = named(' (tool ', finding.toolName, TOOL_CHARS, ')')
  const who = finding.principalKey === '' ? '' : ` by ${plain(finding.principalKey).slice(0, PRINCIPAL_CHARS)}`
  const client = named(' with ', finding.clientKey, CLIENT_CHARS)
  const server = named(' on ', finding.serverId, SERVER_CHARS)
  const head = `${plain(finding.title)}${server}${tool}${who}${client}`
  const saw = plain(finding.saw)
  const expected = plain(finding.expected)
  const roomChars = TITLE_CHARS - head.length - (expected === '' ? ': saw ' : ': saw , expected ').length
  const expectedChars = Math.max(EXPECTED_CHARS, roomChars - saw.length)
  const seen = named(': saw ', saw, Math.max(EXPECTED_CHARS, roomChars - Math.min(expected.length, expectedChars)))
  return cut(`${head}${seen}${named(', expected ', expected, expectedChars)}`, TITLE_CHARS + EXPECTED_CHARS)
}
const named = (before: string, text: string, maxChars: number, after = ''): string => {
  const shown = cut(plain(text), maxChars)
  return shown === '' ? '' : `${before}${shown}${after}`
}
const cut = (text: string, maxChars: number): string => {
  if (text.length <= maxChars) return text
  return `${text
    .slice(0, maxChars - CUT.length)
    .replace(HALF, '')
    .trimEnd()}${CUT}`
}

/** Controls, formats, lone surrogates, private and unassigned code points, separators and fillers. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
/** The beginning alone is looked at: a name of 10 MB costs what one of 500 does. */
const LOOKED_AT_CHARS = 1_024
const plain = (text: string): string => text.slice(0, LOOKED_AT_CHARS).replace(UNSEEN, ' ').replace(/\s+/g, ' ').trim()

/** Severity is that of what the server did: the same thing refused is a probe. */
export function reasonOf(finding: Finding): string {
  const inferred = finding.evidenceLevel === 'inferred' ? '; inferred from what is usual' : ''
  return `${finding.severity}: ${verdictOf(finding)}${inferred}`
}
function verdictOf({ eventId, decision }: Finding): string {
  if (eventId === '') return 'something expected did not happen in time'
  if (wasRefused({ decision, outcome: '' })) return `the server refused it (${decision}), so it is a probe`
  if (decision === 'allow') return 'the server allowed it'
  return 'the server did not say that it refused it'
}

const moment = (ms: number): string =>
  `toDateTime64('${new Date(ms).toISOString().slice(0, -1).replace('T', ' ')}', 3, 'UTC')`

/** What an alert about a person, token or client names may lie on several servers. */
const isOfOneServer = ({ entity }: Finding): boolean => /(^| )server=/.test(entity)

/** Runs as it is printed. Without events, of something that did not happen, all of the window. */
export function queryOf(finding: Finding, eventIds: readonly string[], windowStart: string, windowMs: number): string {
  const startMs = Date.parse(windowStart)
  const evidence =
    eventIds.length > 0
      ? `event_id IN (${eventIds.map(sqlLiteral).join(', ')})`
      : `event_time >= ${moment(startMs)} AND event_time < ${moment(startMs + windowMs)}`
  return [
    'SELECT event_time, event_type, event_id, principal_key, client_key, session_fp, tool_name, decision, outcome, definition_hash, fields',
    'FROM events_exact',
    `WHERE tenant = ${sqlLiteral(finding.tenant)} AND ${isOfOneServer(finding) ? `server_id = ${sqlLiteral(finding.serverId)} AND ` : ''}${evidence}`,
    'ORDER BY event_time, event_id',
  ].join('\n')
}
