/** Commands smuggled into parameters that are none: separators and substitutions in front of a program, options in place of names. */
import { ARGUMENTS, attack, isDocument, parameterOf, takesPattern, traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { commandAt, hasArguments } from '../programs.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
const MAX_SEPARATORS = 256
const SEPARATOR = /;|\|{1,2}|&{1,2}|[\r\n]|\\[nr]|\$\(|`|[<>]\(|\$\{IFS\}|\$IFS|\{(?=[a-z/]{1,16},)|['"]\s{0,4}(?=\|)/g

export const commandInjection: Classifier = {
  name: 'command-injection',
  version: '1',
  surfaces: ARGUMENTS,
  needs:
    TRAIT.equals |
    TRAIT.parenthesis |
    TRAIT.chain |
    TRAIT.ampersand |
    TRAIT.dollar |
    TRAIT.quote |
    TRAIT.lineBreak |
    TRAIT.hyphen |
    TRAIT.angle |
    TRAIT.bracket,
  check(reading, subject) {
    const { role } = subject
    if (subject.isKey === true)
      return ENVIRONMENT.test(reading.text) ? [attack('environment_injection', 0.8, 0, reading.text.length)] : NOTHING
    if (role === 'code') return NOTHING
    const hits: Hit[] = []
    if (role === 'shell') {
      probe(reading, hits)
      return hits
    }
    if (isDocument(reading, subject)) quotedCommand(reading, hits)
    else injected(reading, subject, hits)
    if (hits.length === 0) option(reading, subject, hits)
    return hits
  },
}

/** Variables that make a program load what an attacker wrote. */
const ENVIRONMENT =
  /^(?:LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|DYLD_INSERT_LIBRARIES|BASH_ENV|PROMPT_COMMAND|GIT_SSH_COMMAND|GIT_EXTERNAL_DIFF|PYTHONSTARTUP|PERL5OPT|RUBYOPT)$/
const ASSIGNMENT =
  /(?:^|[\s;&|])(?:LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|BASH_ENV|PROMPT_COMMAND|GIT_SSH_COMMAND|PERL5OPT)=|(?:^|[\s;&|])PATH=(?:\/tmp|\.|\/var\/tmp|\/dev\/shm)|NODE_OPTIONS=\s{0,4}["']?--(?:require|import|inspect)|\(\)\s{0,4}\{\s{0,4}:\s{0,4};\s{0,4}\}\s{0,4};/
const SERVER_INCLUDE =
  /<!--#\s{0,4}(?:exec|include|echo|config)\s|<esi:(?:include|inline|debug|vars)\b|<\?php\s|<\?=|<%\s{0,4}(?:Runtime|eval|execute|system|exec)\b|\bxp_cmdshell\b/i

/** Whoever injects into a command line first asks who he is; whoever writes one seldom ends it so. */
const PROBE =
  /(?:[;\n]|&&?|\|\|?)\s{0,4}(?:\/(?:usr\/)?bin\/)?(?:id|whoami)\s{0,4}[;#]?\s{0,4}$|(?:\$\(|`)\s{0,4}(?:id|whoami|hostname|uname -a)\s{0,4}[)`]\s{0,4}$/
const PROBE_CHARACTERS = 128
function probe({ text }: Reading, hits: Hit[]): void {
  const match = text.length > PROBE_CHARACTERS ? null : PROBE.exec(text)
  if (match !== null) hits.push(attack('command_injection', 0.6, match.index, text.length))
}

/** In a text for readers only a program that is run by the text itself and reaches out, such as `` `nc -e …` ``. */
const QUOTED =
  /(?:`|\$\()\s{0,4}(?:(?:\/usr)?\/bin\/)?(?:nc|ncat|netcat|curl|wget|bash -[ci]|sh -c|python3? -c|perl -e|socat|telnet|powershell)\s[^`)\n]{0,200}(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\.[a-z]{2,10}[\s:/]|\/dev\/tcp)/i
function quotedCommand({ text }: Reading, hits: Hit[]): void {
  // Documents full of commands are documentation.
  if (text.length > 400 || text.includes('\n\n') || text.includes('```')) return
  const match = QUOTED.exec(text)
  if (match !== null) hits.push(attack('command_injection', 0.75, match.index, match.index + match[0].length))
}

const SEPARATORS =
  TRAIT.chain |
  TRAIT.ampersand |
  TRAIT.dollar |
  TRAIT.quote |
  TRAIT.lineBreak |
  TRAIT.angle |
  TRAIT.bracket |
  TRAIT.backslash
function injected(reading: Reading, subject: Subject, hits: Hit[]): void {
  const { text, decodings } = reading
  const traits = traitsOf(reading)
  const given =
    ((traits & (TRAIT.equals | TRAIT.parenthesis)) !== 0 ? ASSIGNMENT.exec(text) : null) ??
    ((traits & (TRAIT.angle | TRAIT.underscore)) !== 0 ? SERVER_INCLUDE.exec(text) : null)
  if (given !== null) hits.push(attack('command_injection', 0.9, given.index, given.index + given[0].length))
  if ((traits & SEPARATORS) === 0) return
  SEPARATOR.lastIndex = 0
  let count = 0
  let isQuoted = false
  for (let match = SEPARATOR.exec(text); match !== null && count < MAX_SEPARATORS; match = SEPARATOR.exec(text)) {
    count++
    if (match[0] === '`') {
      // Only the first of a pair opens.
      isQuoted = !isQuoted
      if (!isQuoted) continue
    }
    const score = scoreAt(text, match.index, match[0], subject, decodings.length > 0)
    if (score === 0) continue
    hits.push(attack('command_injection', score, match.index, Math.min(text.length, match.index + 64)))
    return
  }
}

function scoreAt(text: string, at: number, separator: string, subject: Subject, isDecoded: boolean): number {
  const isNarrow = subject.role === 'path' || subject.role === 'url'
  const after = at + separator.length
  if (separator.endsWith('IFS') || separator.endsWith('IFS}')) return 0.95
  const command = commandAt(text, after)
  if (command === undefined) {
    // A path has no use for a substitution of any kind.
    if (separator === '$(' && isNarrow && text.indexOf(')', after) > 0) return 0.7
    return separator === '`' && isNarrow && text.indexOf('`', after) > 0 ? 0.7 : 0
  }
  const next = text[command.end] ?? ''
  // `&id=5` and `;type=a` are parameters of a URL, `&lt;` is no command.
  if (next === '=' || next === ':' || (next === ';' && separator === '&')) return 0
  const isCalled = hasArguments(text, command)
  if (separator === '$(' || separator === '<(' || separator === '>(') return isCalled || command.isClear ? 0.95 : 0.6
  if (separator === '`') {
    if (!backticked(text, after) || !(isCalled || command.isClear)) return 0
    return isNarrow ? 0.9 : isTold(text, at) ? 0 : text.length < 200 ? 0.9 : 0.6
  }
  if (separator === '{') return 0.9
  if (separator === '\r' || separator === '\n' || separator[0] === '\\') {
    // A line that begins with a program: an attack where one line is expected, above all when it came encoded.
    return isCalled && (isDecoded || subject.role === 'url' || (isNarrow && command.isClear)) ? 0.85 : 0
  }
  if (isNarrow) {
    if (separator === '&' && subject.role === 'url' && !isCalled) return 0
    return isCalled || command.isClear ? 0.95 : 0.6
  }
  // `x; kubectl get secrets`: the words behind it look like no arguments, but it is hardly a word.
  if (!isCalled) return command.isClear && !takesPattern(subject) && /^(?:;|&&|\|\|)$/.test(separator) ? 0.6 : 0
  if (takesPattern(subject) || separator.trim() === '|' || separator === '&')
    return inPattern(text, at, after, command.isClear, separator, !takesPattern(subject))
  return command.isClear ? 0.9 : 0.8
}

const TARGET =
  /^\s{0,8}["'\\]{0,2}[\w./\\-]{1,32}(?:\s{1,8}|\$\{?IFS)(?:-{1,2}[\w-]{1,16}\s{1,4}){0,3}["']?(?:[/~$\\][\w/.{*?-]|\.{1,2}\/|[a-z]:\\|[a-z]{2,6}:\/\/|[\w-]{1,63}\.[\w.]{2,}|\d{1,3}\.\d)/i
const ARGUMENT = /^\s{0,8}["'\\]{0,2}[\w./\\-]{1,32}(?:\s{1,8}|\$\{?IFS)["']?(?:-{1,2}[a-z]|\d)/i
const OPTION = /^\s{0,8}[\w./\\-]{1,32}\s{1,8}-{1,2}[a-z]/i
const ALONE = /^\s{0,4}[\w./\\-]{1,32}\s{0,4}(?:[|;&#\s"'\0]{0,4}|\\[nr])$/

/**
 * `a|id|b` in a pattern or a list is an alternation, `a | sort -count` is a pipeline of many query languages: there a command has to
 * show what it acts on, or stand alone behind the separator.
 */
function inPattern(
  text: string,
  at: number,
  after: number,
  isClear: boolean,
  separator: string,
  isValue: boolean,
): number {
  const tail = text.slice(after, after + 96)
  if (TARGET.test(tail)) return isClear ? 0.9 : 0.8
  const before = text.slice(0, at).trim()
  const isStrong = separator === ';' || separator.length === 2 || before === ''
  if (ARGUMENT.test(tail) && (isClear || isStrong || (isValue && OPTION.test(tail)))) return 0.8
  if (!ALONE.test(tail)) return 0
  if (isStrong) return 0.8
  // `error|ls`, `index.html|id|`: what stands before tells a file or host from an alternative.
  if (/\s/.test(before)) return 0
  return isClear || /[./]\w{1,5}$|[|&\d]$/.test(before) || /\s$/.test(text.slice(0, at)) || /[|;&]\s{0,4}$/.test(tail)
    ? 0.6
    : 0
}

/** Words stand before it: somebody writes about a command. */
const isTold = (text: string, at: number): boolean =>
  /(?:^|\s)[A-Za-z]{2,20}[\s,]{1,3}[a-z]{1,20}[\s,:]{1,3}$/.test(text.slice(Math.max(0, at - 64), at))
const backticked = (text: string, after: number): boolean => text.indexOf('`', after) > 0

/** Options that run or write something, of programs that servers call: git, ssh, curl, tar, find, ImageMagick. */
const DANGEROUS_OPTION =
  /^\s{0,4}-{1,2}(?:upload-pack|receive-pack|exec|open-files-in-pager|ext-diff|output|o ?ProxyCommand|oProxyCommand|proxy-command|checkpoint-action|use-compress-program|to-command|config|c ?core\.\w|eval|e ?system|post-file|upload-file|load|require|import|script|init-command|pager|rsh|filter|template)\b/i
function option({ text, decodings }: Reading, subject: Subject, hits: Hit[]): void {
  // Git's transport that runs a command.
  if (/^\s{0,4}(?:git\+)?(?:ext|fd)::/.test(text)) hits.push(attack('argument_injection', 0.95, 0, text.length))
  if (text.charCodeAt(0) !== 45 && !text.startsWith(' -')) return
  if (subject.role !== 'path' && subject.role !== 'url' && subject.role !== 'unknown') return
  if (/^(?:options?|flags?|args?|arguments?|params?|switches|extra)/.test(parameterOf(subject))) return
  if (DANGEROUS_OPTION.test(text)) hits.push(attack('argument_injection', 0.85, 0, text.length))
  else if (subject.role !== 'unknown' && /^-{1,2}[a-z][\w./=:-]{0,256}(?:\s|$)/i.test(text) && decodings.length === 0)
    hits.push(attack('argument_injection', 0.7, 0, text.length))
}
