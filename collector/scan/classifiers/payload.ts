/** Payloads for parsers and runtimes: XML entities, serialised objects, polluted prototypes, code in values, header lines. */
import { ARGUMENTS, attack, isDocument, traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []
/** Longer texts are no values but documents. */
const VALUE_CHARACTERS = 600

interface Payload {
  readonly kind: string
  readonly score: number
  readonly pattern: RegExp
  /** Stored source code may hold it: texts for readers and code are spared. */
  readonly inValuesOnly?: true
  /** Characters of which one is in every such text; words of which one is. */
  readonly traits: number
  readonly hint?: RegExp
}

const PAYLOADS: readonly Payload[] = [
  // An entity that is read from elsewhere, a document type from elsewhere that is no public standard, an XInclude, entities that multiply.
  {
    kind: 'xxe',
    traits: TRAIT.angle,
    score: 0.95,
    pattern:
      /<!ENTITY\s{1,16}(?:%\s{1,16})?[\w.:-]{1,64}\s{1,16}(?:SYSTEM|PUBLIC)\s|<!ENTITY\s{1,16}%\s{1,16}[\w.:-]{1,64}\s{1,16}["']/i,
  },
  {
    kind: 'xxe',
    traits: TRAIT.angle,
    score: 0.85,
    pattern:
      /<!DOCTYPE\s{1,16}[\w:.-]{1,64}\s{1,16}SYSTEM\s{1,16}["'](?:https?|file|ftp|gopher|\/|jar|php|expect|netdoc)|<!DOCTYPE\s{1,16}[\w:.-]{1,64}\s{1,16}PUBLIC\s{1,16}["'](?!-\/\/|\+\/\/|ISO)[^"']{0,128}["']\s{1,16}["'](?:https?|file|ftp):/i,
  },
  {
    kind: 'xxe',
    traits: TRAIT.angle | TRAIT.percent,
    score: 0.9,
    pattern:
      /<(?:xi:)?include\s[^>]{0,256}href\s{0,2}=\s{0,2}["']?(?:file|https?|\/|\.\.|php|expect)[^>]{0,256}|<xsl:[\w-]{1,32}\s[^>]{0,256}(?:document\(|unparsed-text\(|php:function|system-property\()|\+ADw-\+?ACE-?|%[\w-]{1,32};\s{0,16}(?:%[\w-]{1,32};|\]>)/i,
  },
  {
    kind: 'entity_expansion',
    traits: TRAIT.angle,
    score: 0.9,
    pattern: /<!ENTITY\s{1,16}[\w.:-]{1,64}\s{1,16}["'](?:&[\w.:-]{1,64};){3}/i,
  },
  // Magic bytes and type tags of serialised objects.
  {
    kind: 'xxe',
    traits: TRAIT.angle,
    score: 0.6,
    inValuesOnly: true,
    pattern: /<!ENTITY\s{1,16}[\w.:-]{1,64}\s{1,16}["']/i,
  },
  {
    kind: 'deserialization',
    traits: TRAIT.encodedRun | TRAIT.bracket | TRAIT.quote | TRAIT.lineBreak | TRAIT.slash | TRAIT.dollar,
    hint: /rO0AB|ACED|:\{|!!|!ruby|!<tag|ND_FUNC|@type|\$type|py\/|AAEAAAD|gASV|\nsystem|__builtin__|builtins|posix|nt\n|subprocess|BAh/,
    score: 0.9,
    pattern:
      /\brO0AB[\w+/]{8}|\bACED0005|(?:^|[;{"'\s])[OC]:\+?\d{1,4}:"[\w\\]{1,128}":\d{1,4}:\{|!!python\/(?:object|module|name)|!!javax?\.|!!ruby\/|!ruby\/object:|!<tag:yaml\.org,2002:(?:python|java)|_\$\$ND_FUNC\$\$_|"@type"\s{0,4}:\s{0,4}"(?:com\.sun\.|org\.apache\.|java\.|javax\.|ch\.qos)|"\$type"\s{0,4}:\s{0,4}"System\.|"py\/(?:object|reduce)"|\bAAEAAAD\/{4}|\bgASV[\w+/]{12}|\bcos\nsystem\n|\bc(?:__builtin__|builtins|posix|nt|subprocess)\n\w{1,16}\n|\bBAh[bv7I][\w+/]{8}/,
  },
  {
    kind: 'prototype_pollution',
    traits: TRAIT.underscore | TRAIT.dot | TRAIT.bracket | TRAIT.colon,
    hint: /__proto__|prototype/,
    score: 0.9,
    pattern:
      /["'[]__proto__["'\]]|\b__proto__(?:\.|\[|%5b)|constructor["'\]]?\s{0,4}[.[:{]\s{0,4}\{?\s{0,4}["']?prototype\b/i,
  },
  {
    kind: 'code_injection',
    traits: TRAIT.parenthesis | TRAIT.underscore | TRAIT.dot | TRAIT.angle,
    hint: /\(|\bos\.environ|child_process|process\.|<\?|\$_/,
    score: 0.9,
    inValuesOnly: true,
    pattern:
      /\b__import__\s{0,2}\(|\bos\.(?:(?:system|popen|exec[lv]p?e?)\s{0,2}\(|environ\b)|\bsubprocess\.(?:run|Popen|call|check_output|getoutput)\s{0,2}\(|\b(?:shell_exec|passthru|proc_open|popen|pcntl_exec|phpinfo)\s{0,2}\(|\b(?:eval|exec|assert|system|execfile|compile)\s{0,2}\(\s{0,2}(?:["'`$_]|base64|atob|compile|open|input|String\.fromCharCode|req|id\b)|<\?(?:php|=)|\brequire\s{0,2}\(\s{0,2}["'](?:child_process|fs|vm|net)["']\s{0,2}\)|\bchild_process\b|\bprocess\.(?:env|exit|binding|mainModule)\b|\bRuntime\.getRuntime\(|\bFunction\s{0,2}\(\s{0,2}["'`]|\bopen\s{0,2}\(\s{0,2}["']\/(?:etc|proc|root|home)|\b(?:getattr|setattr|globals|locals|vars)\s{0,2}\(\s{0,2}(?:__|\)\s{0,2}\[|\w{1,16},\s{0,2}["']__)|\$_(?:GET|POST|REQUEST|COOKIE|SERVER)\s{0,2}\[/,
  },
  // A cell that a spreadsheet runs.
  {
    kind: 'formula_injection',
    traits: TRAIT.parenthesis | TRAIT.chain,
    score: 0.75,
    inValuesOnly: true,
    pattern:
      /^\s{0,4}[=+@-]\s{0,2}(?:\w{1,16}\s{0,2}[-+]\s{0,2})?(?:cmd|powershell|rundll32|msexcel|mshta|dde)\s{0,2}[|(]|^\s{0,4}[=+@-]\s{0,2}(?:HYPERLINK|WEBSERVICE|IMPORTXML|IMPORTDATA|IMPORTHTML|IMPORTFEED|IMAGE)\s{0,2}\(\s{0,2}(?:["']https?:|CONCAT|\w{1,8}\d)[^\n]{0,200}[&,]/i,
  },
  {
    kind: 'script_injection',
    traits: TRAIT.angle | TRAIT.equals,
    hint: /[<"']|javascript:/i,
    score: 0.75,
    inValuesOnly: true,
    pattern:
      /<script\b[^>]{0,128}>|<\/script\s{0,4}>|<(?:img|svg|iframe|body|input|details|video|audio|marquee|object|embed|math|a|form|select|textarea|isindex|style|x)\b[^>]{0,256}[\s/"']on[a-z]{3,24}\s{0,4}=|<(?:iframe|object|embed|base|meta)\b[^>]{0,256}(?:javascript:|data:text\/html|http-equiv)|["'][\s/]{0,4}on[a-z]{4,20}\s{0,2}=\s{0,2}["']?\w{1,32}\(|(?:href|src|action)\s{0,2}=\s{0,2}["']?\s{0,4}javascript:/i,
  },
]
/** In code the words above are code; these say that code breaks out of what it was given. */
const ESCAPES: readonly RegExp[] = [
  /__(?:subclasses|globals|builtins|mro|bases?|class)__/,
  /\b__import__\s{0,2}\(\s{0,2}["'](?:os|subprocess|socket|pty|shutil|sys)["']/,
  /\bthis\.constructor\.constructor\s{0,2}\(|process\.(?:binding|mainModule)|\.constructor\(["']return (?:process|this)/,
]
/** Expressions of a calculator: any call of the runtime is out of place. */
const CALCULATES = /calc|math|eval|expression|formula|filter|compute/i

/** A line end that came encoded, or in a value that has one line, and then what a protocol would take for its own. */
const HEADER =
  /[\r\n]{1,2}\s{0,2}(?:Set-Cookie|Location|Content-(?:Type|Length|Disposition)|Host|X-[\w-]{1,32}|Transfer-Encoding|Access-Control-[\w-]{1,32}|Refresh|Link|Bcc|Cc|To|From|Subject|Reply-To|Connection|Authorization|Cookie|User-Agent|Referer)\s{0,2}:|[\r\n]{2,4}(?:HTTP\/\d|<html|<script|(?:GET|POST|PUT|DELETE)\s\/)|[\r\n]\s{0,2}(?:RCPT TO|MAIL FROM|DATA\r|EHLO|SLAVEOF|CONFIG SET|FLUSHALL|SET \w|EVAL )|\r\n\*\d{1,3}\r\n\$\d|[\u560a\u560d]/i

export const payload: Classifier = {
  name: 'payload',
  version: '1',
  surfaces: ARGUMENTS,
  needs:
    TRAIT.equals |
    TRAIT.angle |
    TRAIT.underscore |
    TRAIT.parenthesis |
    TRAIT.colon |
    TRAIT.lineBreak |
    TRAIT.encodedRun |
    TRAIT.bracket |
    TRAIT.nonAscii,
  check(reading, subject) {
    const { text } = reading
    if (subject.isKey === true) return keyHit(text, subject)
    const hits: Hit[] = []
    const header = headerHit(reading, subject)
    if (header !== undefined) hits.push(header)
    const traits = traitsOf(reading)
    const isStored = isDocument(reading, subject) || subject.role === 'code' || subject.role === 'shell'
    const isValue = isStored ? isShortExpression(reading, subject) : text.length <= VALUE_CHARACTERS
    for (const { kind, score, pattern, inValuesOnly, traits: some, hint } of PAYLOADS) {
      if ((some & traits) === 0 || (inValuesOnly === true && !isValue)) continue
      if (hint !== undefined && !hint.test(text)) continue
      const match = pattern.exec(text)
      if (match !== null && hits.every((hit) => hit.class !== `attack.${kind}`))
        hits.push(attack(kind, score, match.index, match.index + match[0].length))
    }
    if (subject.role === 'code' && hits.length === 0) escapeHit(text, hits)
    return hits
  },
}

/** `expression: "__import__('os')"` of a calculator, not the body of a program. */
const isShortExpression = ({ text }: Reading, { role, toolName }: Subject): boolean =>
  role === 'code' && text.length <= 300 && !text.includes('\n') && CALCULATES.test(toolName)

function escapeHit(text: string, hits: Hit[]): void {
  for (const pattern of ESCAPES) {
    const match = pattern.exec(text)
    if (match === null) continue
    hits.push(attack('code_injection', 0.75, match.index, match.index + match[0].length))
    return
  }
}

function headerHit(reading: Reading, subject: Subject): Hit | undefined {
  const { role } = subject
  const isLine =
    role === 'url' ||
    role === 'path' ||
    // a carriage return in one short value, where no message or list of headers is asked for
    (role === 'unknown' && isShortValue(reading.text) && !TAKES_LINES.test(subject.path)) ||
    (reading.decodings.length > 0 && role !== 'code' && role !== 'text' && role !== 'shell')
  if (!isLine || reading.decodings.includes('json_escape') || reading.decodings.includes('base64')) return undefined
  const match = HEADER.exec(reading.text)
  return match === null ? undefined : attack('header_injection', 0.85, match.index, match.index + match[0].length)
}

const MAX_VALUE_CHARACTERS = 200
const isShortValue = (text: string): boolean => text.length <= MAX_VALUE_CHARACTERS && text.includes('\r\n')
const TAKES_LINES = /header|raw|request|message|mail|content|body|text|lines|template|snippet/i

/** Names of properties that reach the prototype of every object. */
function keyHit(key: string, subject: Subject): readonly Hit[] {
  const isPolluting =
    key === '__proto__' ||
    (key === 'prototype' && subject.path.includes('constructor')) ||
    /^(?:__proto__|constructor)(?:\.|\[)/.test(key)
  return isPolluting ? [attack('prototype_pollution', 0.9, 0, key.length)] : NOTHING
}
