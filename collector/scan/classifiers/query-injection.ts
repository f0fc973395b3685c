/** Queries of other languages smuggled into values: MongoDB operators and JavaScript, LDAP filters, XPath. */
import { ARGUMENTS, attack, isDocument, parameterOf } from '../attack.ts'
import type { Classifier, Hit, Subject } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

const NOTHING: readonly Hit[] = []

/** Values that are compared with a stored one: an operator in their place matches everything. */
const IDENTITY =
  /^(?:user_?name|user|login|email|e_?mail|pass(?:word|wd)?|pwd|token|api_?key|otp|code|pin|id|user_?id|account|session|secret|coupon|key)$/i
const OPERATOR =
  /^\$(?:ne|gte?|lte?|n?in|regex|exists|where|or|and|nor|not|type|mod|all|size|elemMatch|options|expr|jsonSchema)$/
/** Operators that run JavaScript inside the database. */
const SCRIPT_OPERATOR = /^\$(?:where|function|accumulator)$/

const NAME = `["']?[$&](?:ne|gte?|lte?|n?in|regex|exists|where|or|and|nor|not|comment|func|function|accumulator|expr)["']?`
const MONGO: readonly (readonly [number, RegExp])[] = [
  // An operator with nothing to compare: it matches all there is. As the whole value, or behind what closes the value before.
  [
    0.85,
    new RegExp(
      String.raw`^\s{0,8}\{\s{0,8}${NAME}\s{0,8}:\s{0,8}(?:''|""|null|-?[019]{1,9}|true|false|undefined|\[\s{0,4}\]|["']?\.[*+]["']?|["']\^)`,
      'i',
    ),
  ],
  [
    0.9,
    new RegExp(String.raw`^[\w-]{0,32}["']?\s{0,8}[}\]),]{0,4}\s{0,8}[}\]),]{0,4}\s{0,8},\s{0,8}${NAME}\s{0,8}:`, 'i'),
  ],
  [0.9, /^\s{0,8}\{?\s{0,8}["']?\$where["']?\s{0,8}:/i],
  [0.9, /\[[$](?:ne|gte?|lte?|n?in|regex|exists|where|or|and|nor|not)\](?:\[\]|\[\d{1,3}\])?=?/i],
  [
    0.85,
    /\b(?:this|obj|self)\.\w{1,32}(?:\.(?:match|length|charAt|substr|indexOf)\b|\s{0,4}[=!]=|\s{0,4}\[)|\bdb\.(?:\w{1,32}\.)?(?:insert|find|drop|remove|update|mapReduce|eval|getCollectionNames|injection|version|dropDatabase)\w{0,16}\(/,
  ],
  [
    0.9,
    /^[\w-]{0,32}["']?\)?\s{0,4};\s{0,8}(?:return\b|sleep\(|var\s|(?:it|date|d|x)\s{0,2}=\s{0,2}new\b|do\s?\{|while\s?\(|throw\b|db\.)/i,
  ],
  [
    0.85,
    /^[\w-]{0,32}["'][\s)]{0,4}(?:\|\||&&|\+)\s{0,4}(?:["']{1,2}\s?[=!]==?|[\w'"]{1,16}\s{0,2}[=!]==?\s{0,2}[\w'"]{0,16}|true\b|1\b|this\.|sleep\(|\(function)/i,
  ],
  [
    0.8,
    /^\s{0,4}(?:\|\||&&)\s{0,4}["']?\w{0,16}["']?\s{0,2}===?\s{0,2}["']?\w{0,16}["']?\s{0,4}(?:\/\/.{0,16}|%00|\x00)?$/,
  ],
  [0.8, /\breturn\s{0,4}\(?\s{0,4}(?:true|1|["'](\w{0,8})["']\s{0,2}==\s{0,2}["']\1["'])\s{0,4}\)?\s{0,4};?/],
  [
    0.85,
    /\bnew\s{1,4}Date\(\)[^\n]{0,64}\bwhile\s{0,2}\(|\bmapReduce\(function|\bemit\(\w|;\s{0,4}sleep\(\d{2,6}\)\s{0,4};/,
  ],
]

const LDAP: readonly (readonly [number, RegExp])[] = [
  // What closes the application's own condition and opens one that is always true.
  [
    0.9,
    /^[^()\n]{0,64}\)\s{0,2}(?:\(\s{0,2}){1,4}[|&!]|^[^()\n]{0,64}\*?\){1,3}\s{0,2}(?:\(\s{0,2}){1,3}[\w-]{1,32}\s{0,2}(?:[~<>]?=)|^[^()\n]{0,64}\*\s{0,2}\(\s{0,2}[|&!]/,
  ],
  [0.8, /^[^()\n]{0,64}\*?\){1,3}(?:\x00|%00|\\x?00|\(\w{0,16}=\*?$|\(&$|&$)|^\*?\)\(|^[^()\n]{0,64}\)\)\(\|/],
  [0.75, /^(?=.{2,64}$)(?=.{0,64}\*)(?=.{0,64}[()|&])[*()|&!=%\\'"\s]{2,64}(?:uid=\*|cn=\*|mail=\*)?[)]{0,4}$/],
  [0.8, /\(\|?\((?:objectclass|uid|cn|mail|userpassword|samaccountname|memberof|sn)=\*\)\)?\s{0,2}(?:\x00|%00|$)/i],
]
/** Characters and words of which one is in every sign: most values end here. */
const MONGO_HINT = /[$'"]|\|\||&&|&\w{2,11}["':]|\bthis\.|\b(?:obj|self|db)\.|\breturn\b|;|\bDate\(|mapReduce|\bemit\(/
const LDAP_HINT = /[()*]/

/** A filter of one's own begins with its parenthesis and closes what it opens. */
const WHOLE_FILTER = /^\s{0,8}\(/

const XPATH: readonly (readonly [number, RegExp])[] = [
  [
    0.9,
    /["'\])]\s{0,4}(?:\bor\b|\band\b|\|)\s{0,4}(?:\/\/|\/\*|(?:name|position|count|string-length|substring|contains|starts-with|doc|text|local-name|last|string|codepoints-to-string)\s{0,2}\()/i,
  ],
  [
    0.85,
    /["']\s{0,4}\]\s{0,4}(?:\||\/\/|\/)\s{0,4}[\w*/@]{1,32}|\bcount\(\/\w{0,32}\/|\bsubstring\((?:\/\/|name\()|\bor\s{1,4}count\(/,
  ],
  [0.85, /\bor\s{1,4}(?:name|position|text|last)\(\)\s{0,4}=/i],
]

export const queryInjection: Classifier = {
  name: 'query-injection',
  version: '1',
  surfaces: ARGUMENTS,
  needs: TRAIT.dollar | TRAIT.quote | TRAIT.parenthesis | TRAIT.chain | TRAIT.ampersand | TRAIT.bracket | TRAIT.equals,
  check(reading, subject) {
    const { text } = reading
    if (subject.isKey === true) return keyHit(text, subject)
    const { role } = subject
    if (role === 'shell' || role === 'sql' || role === 'code' || isDocument(reading, subject) || text.length > 2_048)
      return NOTHING
    const hits: Hit[] = []
    if (MONGO_HINT.test(text)) first(MONGO, 'nosql_injection', text, hits)
    // Regular expressions and selectors are full of parentheses.
    if (
      LDAP_HINT.test(text) &&
      !WHOLE_FILTER.test(text) &&
      !/^(?:pattern|regex|regexp|selector|glob|xpath)$/.test(parameterOf(subject))
    )
      first(LDAP, 'ldap_injection', text, hits)
    if (/["'\]]|\bor\b/.test(text)) first(XPATH, 'xpath_injection', text, hits)
    return hits
  },
}

function first(signs: readonly (readonly [number, RegExp])[], kind: string, text: string, hits: Hit[]): void {
  for (const [score, pattern] of signs) {
    const match = pattern.exec(text)
    if (match === null) continue
    hits.push(attack(kind, score, match.index, match.index + match[0].length))
    return
  }
}

/** An operator as the name of a property: in a filter it belongs, in place of a name or password it does not. */
function keyHit(key: string, subject: Subject): readonly Hit[] {
  if (SCRIPT_OPERATOR.test(key)) return [attack('nosql_injection', 0.75, 0, key.length)]
  if (!OPERATOR.test(key) && !/^\[?\$(?:ne|gt|regex)\]?$/.test(key)) return NOTHING
  const above = subject.path.split('.').at(-2) ?? ''
  return IDENTITY.test(above.replace(/\[\d+\]/g, '')) && subject.path.split('.').length <= 3
    ? [attack('nosql_injection', 0.85, 0, key.length)]
    : NOTHING
}
