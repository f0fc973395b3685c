/** SQL smuggled into parameters, and statements that no application sends: tautologies, UNION, stacked statements, delays, files. */
import { ARGUMENTS, attack, isDocument, traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
/** Of a longer text the beginning: an injection stands in one value, not in a book. */
const MAX_CHARACTERS = 16_384

interface Indicator {
  readonly weight: number
  /** Also counts where SQL is what the parameter is for. */
  readonly inSql: boolean
  readonly pattern: RegExp
}
const sign = (weight: number, inSql: boolean, ...patterns: readonly string[]): Indicator => ({
  weight,
  inSql,
  pattern: new RegExp(patterns.join('|')),
})

/** A literal and the same literal, or two numbers: what is always true or always false. */
const SAME = String.raw`(?:(\d{1,8})['"]?\s?(?:=|<=>|like|in \()\s?['"]?\1\b|['"](\w{0,16})['"]\s?(?:=|like)\s?['"]\2(?:['"]|$)|['"](\w{0,16})['"]\s?=\s?['"]\w{0,16}$|\d{1,6}\s?(?:=|<>|!=|<|>)\s?\d{1,6}\b|\b(\w)\s?=\s?\4\b|['"]{2}\s?[-*^&+/|%=]\s?['"]?|['"]\w{0,8}['"]?\)\s?=\s?\(?['"]|true\b|not false\b|(?:not )?\d{1,4}\s?(?:--|#)|\d{1,2} (?:between|is) )`
const LOGIC = String.raw`(?:\b(?:or|and|xor|having|where)\b|\|\||&&)`

/** Needs two, of which none is common prose; weights add up to a score. */
const INDICATORS: readonly Indicator[] = [
  sign(0.5, false, String.raw`${LOGIC}\s?(?:not\s)?\(?\s?${SAME}`),
  // The quote that closes what the application opened, and what goes on behind it.
  sign(
    0.4,
    false,
    String.raw`^[^'"\n]{0,64}['"]\s?\)?\)?\)?\s?(?:;|--|#|/\*|\|\||&&|\b(?:or|and|union|having|order by|group by|limit|like|rlike|into|xor|waitfor|exec|procedure|in \()\b)`,
    String.raw`^['"]?\)?\s?(?:or|and|having)\b\s?[\d'"(]`,
    String.raw`^\s?[-\d]{1,8}['")]{0,3}\s(?:or|and|union|order by|group by|having|waitfor|xor|rlike)\b`,
    String.raw`^\s?\d{1,8}['")]{0,3}\s?;\s?\w`,
  ),
  sign(
    0.6,
    false,
    String.raw`\bunion\s(?:all\s|distinct\s)?\(?\s?select\b\s?(?:[\d*('"@#-]|null|\w{1,64}(?:\s?[,(]|\sfrom\b|\s?--|$))`,
  ),
  sign(
    0.6,
    false,
    String.raw`;\s?(?:drop\s(?:table|database|schema|user|view|index|column)|delete\sfrom|insert\sinto|update\s\w{1,64}\sset|alter\s(?:table|user|database|login)|create\s(?:table|user|function|database|login|or replace|extension|trigger)|truncate\s|exec(?:ute)?\s?[\s(]|declare\s@|shutdown\b|grant\s\w|attach\s|copy\s|select\s[\w@*('"]|waitfor\s|begin\s|merge\sinto|load_file|vacuum\b|use\s\w{1,32};|backup\sdatabase)`,
  ),
  // What is left of the statement is made a comment.
  sign(0.4, false, String.raw`['")\d\w]\s?(?:--[\s+-]{0,2}$|--\s|#\s?$|/\*\s?$|;?%00$|;\x00$|--\w{0,16}$)`),
  sign(
    0.7,
    true,
    String.raw`\b(?:pg_sleep|sleep|benchmark|dbms_lock\.sleep|dbms_pipe\.receive_message|dbms_session\.sleep|randomblob|sleep_for)\s?\(\s?['"]?[\d('a-z]|\bwaitfor\s(?:delay|time)\s?['"\d(]`,
  ),
  sign(
    0.7,
    true,
    String.raw`\bxp_(?:cmdshell|dirtree|regread|fileexist|subdirs|regwrite)\b|\bsp_(?:oacreate|configure|execute_external_script|makewebtask)\b|\bload_file\s?\(|\binto\s(?:outfile|dumpfile)\b|\b(?:utl_http|utl_inaddr|utl_file|utl_smtp|httpuritype|dbms_ldap|dbms_scheduler|dbms_xmlgen|ctxsys\.drithsx)\b|\b(?:pg_read_file|pg_ls_dir|pg_read_binary_file|lo_import|lo_export|dblink_connect|sys_eval|sys_exec|load_extension|writefile|openrowset|opendatasource|bulk\sinsert|java_exec)\b\s?[\s(]|\bcopy\b.{1,64}\b(?:from|to)\sprogram\b`,
  ),
  sign(
    0.5,
    false,
    String.raw`\b(?:extractvalue|updatexml|xmltype|ascii|ord|substr|substring|mid|char|chr|nchar|unhex|hex|concat|concat_ws|group_concat|string_agg|load|floor|exp|gtid_subset|json_keys|polygon|multipoint|geometrycollection|convert|cast|elt|make_set|lpad|version|user|current_user|database|db_name|schema_name|host_name|user_name|system_user|row|exists|if|iif|ifnull|make_set|nullif)\s?\(\s?(?:\(?\s?select\b|0x[0-9a-f]{2}|rand\(|user\b|version\b|@@|database\b|\d{1,3}\s?[,)]|\))`,
    String.raw`@@(?:version|hostname|datadir|servername|basedir|global)|\b(?:information_schema|sysobjects|syscolumns|sysdatabases|sysusers|sqlite_master|sqlite_schema|pg_catalog|pg_shadow|pg_user|pg_database|all_tables|all_tab_columns|user_tables|v\$version|sys\.(?:tables|objects|databases|schemas|user\$)|mysql\.(?:user|db)|master\.\.|master\.dbo|msysobjects|mysql\.innodb|banner from|dual where)\b`,
  ),
  // A quote, or what an application would quote, in front of another statement's clause.
  sign(
    0.5,
    false,
    String.raw`^\W{0,8}\d{0,8}\W{0,8}\b(?:order\sby|group\sby)\s(?:\d{1,3}|[\w.,]{1,64}\)?)\s?(?:,\s?\d{1,3}\s?){0,40}(?:asc|desc)?\s?(?:--|#|/\*|;|$)`,
    String.raw`\border\sby\s(?:sleep|\(select|rand\()|\b(?:rlike|regexp|like|in|exists|and|or|=|\+|\|\||having|if\(.{0,32})\s?\(\s?select\s|\bcase\swhen\b.{1,128}\bthen\b|\bprocedure\sanalyse\s?\(|\blimit\s\d{1,6},\d{1,6}\s(?:into|procedure|union)\b`,
  ),
  // Keywords pulled apart or spelt strangely to get past a filter.
  sign(
    0.5,
    true,
    String.raw`\b(?:un/\*.{0,32}\*/ion|sel/\*.{0,32}\*/ect|/\*!\d{0,6}\s?(?:union|select|or|and|order|concat)|uni%6fn|s%65lect)|\bunion\b.{0,8}/\*.{0,32}\*/.{0,8}\bselect\b`,
  ),
  sign(0.4, false, String.raw`\bselect\b\s?[\w*,.()'"@\s]{1,200}\bfrom\s?[\w."(\[]{1,64}`),
  sign(
    0.4,
    false,
    String.raw`['"]\s?(?:\+|\|\||%2b)\s?(?:['"]|\(select|chr\(|char\(|version|user|\w{1,16}\s?(?:\+|\|\|)\s?['"])`,
  ),
]

/** One of these is in every text that has an indicator. */
const HINT =
  /\bor\b|\band\b|\bunion\b|select|\bhaving\b|\bwhere\b|\bxor\b|\|\||&&|--|#|\/\*|;|sleep|benchmark|randomblob|waitfor|\b(?:order|group)\b[\s\S]{1,80}?\bby\b|dbms|utl_|xp_|sp_|load_|pg_|outfile|dumpfile|@@|schema|sys|openrowset|extractvalue|updatexml|'|"/i
const STATEMENT =
  /^\s{0,16}(?:\(\s?)?(?:select|with|insert\sinto|update\s|delete\sfrom|create\s|alter\s|drop\s|explain\s|show\s|describe\s|pragma\s|merge\s|truncate\s|call\s|exec\s|grant\s|set\s|use\s|begin\b|commit\b|rollback\b|end\b|copy\s|values\s)/i
/** Inside a whole statement: always true in a condition, other tables joined to the answer, a second statement that destroys. */
const IN_STATEMENT: readonly (readonly [number, RegExp])[] = [
  [
    0.8,
    /\bor\s['"]?(\d{1,8})['"]?\s?=\s?['"]?\1['"]?(?:\s|$|;|-|\)|#)|\bor\s(['"])(\w{0,16})\2\s?=\s?\2\3\2|\bor\strue\s?(?:--|#|;|$)/i,
  ],
  [
    0.8,
    /\bunion\s(?:all\s)?select\b.{0,200}\b(?:information_schema|sqlite_master|pg_shadow|mysql\.user|sys\.|passwords?|credentials|api_keys?|secrets?)\b/i,
  ],
  [
    0.85,
    /^\s?(?:select|with|commit|rollback|end)\b.{0,400};\s?(?:drop|delete|truncate|alter|shutdown|exec|grant|update|insert|attach)\b/i,
  ],
  [0.8, /\$\(\s?\w{1,16}\s?\)|`\s?(?:whoami|id|uname|cat\s[^`]{1,64})\s?`/],
]

/** Every sign but a comment at the end has one of these. */
const SIGNS =
  TRAIT.quote |
  TRAIT.space |
  TRAIT.hash |
  TRAIT.chain |
  TRAIT.equals |
  TRAIT.parenthesis |
  TRAIT.asterisk |
  TRAIT.nonAscii

export const sqlInjection: Classifier = {
  name: 'sql-injection',
  version: '1',
  surfaces: ARGUMENTS,
  needs:
    TRAIT.quote |
    TRAIT.space |
    TRAIT.hyphen |
    TRAIT.hash |
    TRAIT.chain |
    TRAIT.equals |
    TRAIT.parenthesis |
    TRAIT.asterisk,
  check(reading, subject) {
    if (subject.isKey === true || subject.role === 'shell' || subject.role === 'code') return NOTHING
    if (isProse(reading, subject)) return NOTHING
    if ((traitsOf(reading) & SIGNS) === 0 && !reading.text.includes('--')) return NOTHING
    if (!HINT.test(reading.text)) return NOTHING
    const text = flattened(reading)
    const score = STATEMENT.test(text) ? statementScore(text) : fragmentScore(text, subject)
    return score < 0.6 ? NOTHING : [attack('sql_injection', Math.min(score, 0.98), 0, reading.text.length)]
  },
}

/** Lower case; white space, comments inside and form-encoded spaces made one space each. */
function flattened({ text }: Reading): string {
  const part = text.length > MAX_CHARACTERS ? text.slice(0, MAX_CHARACTERS) : text
  // Typographic quotes and dashes are what editors make of the plain ones.
  const plain = /[\u2018\u2019\u2032\u2013\u2014\uff07]/.test(part)
    ? part.replace(/[\u2018\u2019\u2032\uff07]/g, "'").replace(/[\u2013\u2014]/g, '--')
    : part
  const spaced = plain.includes(' ') ? plain : plain.replace(/(?<=\w|['")])\+(?=\w|['"(-])/g, ' ')
  return spaced
    .replace(/\/\*[^*!]{0,64}\*\/|[\s\u00a0]+/g, ' ')
    .trim()
    .toLowerCase()
}

/** Long or quoted texts for readers; a short one that opens like an injection is none. */
function isProse(reading: Reading, subject: Subject): boolean {
  const { text } = reading
  if (subject.role === 'sql') return false
  if (text.length > 600 || (subject.role === 'unknown' && isDocument(reading, subject)))
    return !/^\s{0,8}[\w-]{0,16}['")]/.test(text)
  if (subject.role !== 'text') return false
  return text.length > 200 || text.includes('\n') || /^\s{0,8}[a-z][\w,:]{0,32}(?:\s[\w,':]{1,32}){2}/i.test(text)
}

function fragmentScore(text: string, subject: Subject): number {
  let score = 0
  let signs = 0
  for (const { weight, pattern, inSql } of INDICATORS) {
    if (subject.role === 'sql' && !inSql && weight < 0.5) continue
    if (!pattern.test(text)) continue
    signs++
    score += weight
  }
  // One sign alone may be a word of a question or a condition that somebody needs.
  if (signs === 1 && subject.role !== 'sql' && isSentence(text)) return 0
  return signs >= 2 || score >= 0.7 ? score : score >= 0.5 && isBareFragment(text, subject) ? 0.65 : 0
}

/** Two words or more that SQL does not know. */
function isSentence(text: string): boolean {
  let words = 0
  for (const [word] of text.slice(0, 256).matchAll(/(?<![\w'"(@.])[a-z]{3,24}(?![\w('"=.])/gi))
    if (!SQL_WORDS.has(word.toLowerCase())) words++
  return words >= 2
}
const SQL_WORDS: ReadonlySet<string> = new Set(
  (
    'select union all from where and not null like order group having limit sleep benchmark waitfor delay time true false exec execute case ' +
    'when then else end count char concat substring ascii tables user users admin version database insert into values update set delete drop ' +
    'table desc asc password passwd name username login declare varchar cast convert rlike regexp procedure analyse shutdown create'
  ).split(' '),
)

/** The whole text is one clause of SQL and nothing else. */
const BARE =
  /^\W{0,6}\d{0,8}\W{0,6}(?:(?:or|and|having|where|order by|group by|union)\b|\|\||&&)\s?[\w'"()=\s<>!%*,.+-]{1,64}[#;-]{0,3}$/i
const isBareFragment = (text: string, { role }: Subject): boolean => role !== 'text' && BARE.test(text)

function statementScore(text: string): number {
  for (const { pattern, inSql, weight } of INDICATORS) if (inSql && pattern.test(text)) return Math.max(weight, 0.7)
  return IN_STATEMENT.find(([, pattern]) => pattern.test(text))?.[0] ?? 0
}
