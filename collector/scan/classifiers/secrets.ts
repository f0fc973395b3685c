/** Secrets: tokens by form and checksum, keys and passwords by what they stand in, random values by what they are called. */
import { traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { TRAIT } from '../traits.ts'
import { ALNUM, eachRun, IN, isIn, runEnd, runStart, URL64, varietyOf } from './alphabet.ts'
import { findCarriers, isStrongPassword, mayBePassword } from './secrets/carriers.ts'
import { isRandomAt, isSample, jsonInside, looksRandom, numberInside } from './secrets/checks.ts'
import { type NameSays, nameBefore, nameInPath, nameSays } from './secrets/context.ts'
import { formatsAt, type TokenFormat } from './secrets/formats.ts'

/** `pwd=` and something, or the shortest value of a name. */
const MIN_CHARACTERS = 6
/** The shortest run that is looked at as a token. */
const MIN_RUN = 16
const RUN = URL64 | IN.base64 | IN.tilde
/** A text that has no such run has none of these. */
const RUNS = TRAIT.longRun | TRAIT.tilde
/** A longer run is a file or an image: only its beginning is looked at. */
const LONG_RUN = 4_096
/** Places in one run at which a token may begin, and hits in one text. */
const MAX_BEGINNINGS = 48
const MAX_HITS = 256
const NONE: readonly Hit[] = []

export const secrets: Classifier = {
  name: 'secrets',
  version: '1',
  least: MIN_CHARACTERS,
  needs: TRAIT.longRun | TRAIT.colon | TRAIT.equals | TRAIT.digit | TRAIT.at,
  surfaces: new Set([
    'definition',
    'instructions',
    'arguments',
    'result',
    'resource',
    'prompt',
    'elicitation',
    'sampling',
    'error',
  ]),
  check(reading: Reading, subject: Subject): readonly Hit[] {
    return new Search(reading.text, subject).run(traitsOf(reading))
  },
}

class Search {
  private readonly text: string
  private readonly subject: Subject
  private hits: Hit[] | undefined

  constructor(text: string, subject: Subject) {
    this.text = text
    this.subject = subject
  }

  run(traits: number): readonly Hit[] {
    const { surface } = this.subject
    findCarriers(
      this.text,
      traits,
      surface === 'definition' || surface === 'instructions',
      (kind, score, start, end, validated) => this.add(kind, score, start, end, validated),
    )
    if ((traits & RUNS) !== 0) eachRun(this.text, RUN, MIN_RUN, (start, end) => this.look(start, end))
    this.lookAtWhole(traits)
    return this.hits ?? NONE
  }

  private add(kind: string, score: number, start: number, end: number, validated = false, isMinor = false): void {
    this.hits ??= []
    const { hits } = this
    if (hits.length > MAX_HITS) return
    if (hits.length === MAX_HITS) {
      // Nobody reads on, so all of it counts: what is redacted must not keep the rest.
      hits.push({ class: 'secret.many', score: 0.9, verdict: 'malicious', start: 0, end: this.text.length })
      return
    }
    for (const hit of hits) if (hit.start < end && start < hit.end) return
    hits.push({
      class: `secret.${kind}`,
      score,
      verdict: isMinor ? 'suspicious' : 'malicious',
      start,
      end,
      ...(validated && { validated }),
    })
  }

  /** A run may hold several tokens: `/a/<token>`, `prefix-<token>`. */
  private look(start: number, end: number): void {
    const { text } = this
    if (this.hits !== undefined && this.hits.length > MAX_HITS) return
    const before = start > 0 ? text[start - 1]! : ''
    // `\n` and `%3D` in front of a token are not part of it.
    if (before === '\\' && 'nrt'.includes(text[start]!)) start++
    else if (before === '%' && isIn(text, start, ALNUM)) start += 2
    if (before === '.' && this.dotted(start)) return
    const stop = Math.min(end, start + LONG_RUN)
    let beginnings = 0
    for (let at = start; at < stop && end - at >= 8; at++) {
      if (at > start && !isIn(text, at - 1, PARTS)) continue
      if (beginnings++ > MAX_BEGINNINGS) break
      const found = this.token(at, (at === start && before !== '.') || text[at - 1] === '/')
      if (found > 0) {
        if (found >= end) return
        at = found
      }
    }
    this.named(start, end)
  }

  /** Prefixes with a dot, such as `SG.`: the token began before the run. */
  private dotted(start: number): boolean {
    let at = runStart(this.text, start - 1, URL64 | IN.dot, 24)
    if (this.text[at - 1] === '\\') at++
    while (at < start) {
      if (this.token(at, true) > start) return true
      at = this.text.indexOf('.', at) + 1
    }
    return false
  }

  /** The token that begins at `at`; answers where it ends, 0 when there is none. */
  private token(at: number, isFirst: boolean): number {
    const { text } = this
    if (text.charCodeAt(at) === LOWER_E && text.startsWith('eyJ', at)) {
      const end = this.jwt(at)
      if (end > 0) return end
    }
    for (const format of formatsAt(text, at)) {
      const end = this.format(format, at, isFirst)
      if (end > 0) return end
    }
    return isFirst ? this.unnamed(at) : 0
  }

  private format(format: TokenFormat, at: number, isFirst: boolean): number {
    const { text } = this
    const { prefix, alphabet, min, max, shape, proof, kind } = format
    if (!text.startsWith(prefix, at)) return 0
    // A short prefix in the middle of a name is an accident.
    if (!isFirst && prefix.length < 5 && proof === undefined) return 0
    const body = at + prefix.length
    let end = runEnd(text, body, alphabet, max + 1)
    if (shape !== undefined) {
      shape.lastIndex = body
      const match = shape.exec(text)
      if (match === null || match[0] === '') return 0
      end = Math.max(body + match[0].length, 0)
      if (end < text.length && isIn(text, end, ALNUM)) return 0
    }
    while (end > body && text[end - 1] === '.') end--
    if (end - body < min || end - body > max) return 0
    const value = text.slice(body, end)
    const variety = varietyOf(text, body, end)
    if (isSample(value, variety) || variety.entropy < (variety.isHex ? 2 : 2.5)) return 0
    const proven = proof?.(text, at, end)
    if (format.isWeak === true && proven !== true && !looksRandom(variety)) return 0
    // All letters of one case: a constant or a word, not what a generator gives.
    if (proven !== true && variety.digits === 0 && (variety.lowers === 0 || variety.uppers === 0)) return 0
    const score = proven === true ? 0.99 : proven === false ? 0.7 : format.isWeak === true ? 0.8 : 0.9
    this.add(kind, score, at, end, proven === true, format.isMinor)
    return end
  }

  /** Three parts; the first is a JSON object with `alg`. An unsigned one opens a careless door, so it counts. */
  private jwt(at: number): number {
    const { text } = this
    const first = runEnd(text, at, URL64 | IN.equals, 2_048)
    if (text[first] !== '.' || first - at < 12) return 0
    const second = runEnd(text, first + 1, URL64 | IN.equals, 65_536)
    if (second - first < 4) return 0
    const end = text[second] === '.' ? runEnd(text, second + 1, URL64 | IN.equals, 8_192) : second
    const header = jsonInside(text.slice(at, first))
    const isHeader = typeof header?.['alg'] === 'string' || typeof header?.['enc'] === 'string'
    if (!isHeader && !text.startsWith('eyJ', first + 1)) return 0
    if (text[second] !== '.') {
      if (second - first < 16) return 0
      this.add('jwt', 0.7, at, second)
      return second
    }
    const payload = jsonInside(text.slice(first + 1, second))
    const isSampleToken = payload?.['name'] === 'John Doe' && payload['sub'] === '1234567890'
    this.add('jwt', isHeader ? (isSampleToken ? 0.4 : 0.97) : 0.75, at, end, isHeader && !isSampleToken, isSampleToken)
    return end
  }

  /** Tokens without a prefix, by their shape. */
  private unnamed(at: number): number {
    const { text } = this
    const end = runEnd(text, at, URL64, 80)
    const length = end - at
    if (length < MIN_UNNAMED) return 0
    if (length <= 28 && text[end] === '.' && text[end + 7] === '.') {
      const tail = runEnd(text, end + 8, URL64, 80)
      if (tail - end - 8 >= 27 && numberInside(text, at, end) === true) {
        this.add('discord_token', 0.98, at, tail, true)
        return tail
      }
    }
    if (length >= 34 && length <= 36 && text[at - 1] === ':') {
      const bot = runStart(text, at - 1, IN.digit, 12)
      if (at - 1 - bot >= 8 && (text[at] === 'A' || length === 35) && isRandomAt(text, at, end)) {
        this.add('telegram_token', 0.9, bot, end)
        return end
      }
    }
    if (length === 27 && text[at - 1] === '|' && at - 1 - runStart(text, at - 1, IN.digit, 17) >= 15) {
      this.add('facebook_token', 0.85, runStart(text, at - 1, IN.digit, 17), end)
      return end
    }
    if (length >= 36 && length <= 37 && DATACENTER.test(text.slice(at, end)) && isRandomAt(text, at, at + 32)) {
      this.add('mailchimp_key', 0.9, at, end)
      return end
    }
    if (length === 40 && text.startsWith('_mmk', end - 4) && text[at + 6] === '_') {
      this.add('maxmind_key', 0.9, at, end)
      return end
    }
    return 0
  }

  /** A random value whose name says that it is secret. */
  private named(start: number, end: number): void {
    const { text } = this
    if (end - start > 1_024 || !mayBeRandom(text, start, end) || this.isKnown(start, end)) return
    const valueEnd = runEnd(text, end, IN.equals, 2)
    const says = this.sayOf(start)
    if (says === 'none') return
    const variety = varietyOf(text, start, end)
    const value = text.slice(start, end)
    const isUuid = UUID.test(value)
    // A value of capitals and digits, or a UUID, changes seldom; that it is called a secret makes up for it.
    const isPlain = isUuid || (says === 'secret' && variety.length >= 32 && CAPITALS.test(value))
    if (isSample(value, variety) || isPath(value, variety.changes)) return
    if (!looksRandom(variety) && !(isPlain && variety.entropy >= 3 && variety.digits >= 6)) return
    if (says === 'key') {
      if (end - start < 24 || isUuid || (variety.isHex && isHashLength(end - start)) || variety.changes < 0.25) return
    } else if (end - start < 20 && variety.changes < 0.3) return
    if (value.startsWith('0x')) return
    this.add('generic', isUuid ? 0.55 : says === 'key' ? 0.6 : 0.75, start, valueEnd)
  }

  private sayOf(start: number): NameSays {
    const said = nameSays(nameBefore(this.text, start))
    if (said !== 'none') return said
    return this.opens(start) ? nameSays(nameInPath(this.subject.path)) : 'none'
  }

  /** Nothing but quotes and a scheme stands before it: the path names it. */
  private opens(start: number): boolean {
    return start === 0 || (start < 16 && /^["'\s]{0,3}(?:[A-Za-z]{4,9} )?$/.test(this.text.slice(0, start)))
  }

  private isKnown(start: number, end: number): boolean {
    if (this.hits === undefined) return false
    for (const hit of this.hits) if (hit.start < end && start < hit.end) return true
    return false
  }

  /** A short password that is a whole text: only its path can tell. */
  private lookAtWhole(traits: number): void {
    const { text } = this
    if (text.length > 64 || text.length < 8 || this.hits !== undefined || !mayBePassword(traits)) return
    if (nameSays(nameInPath(this.subject.path)) === 'password' && isStrongPassword(text))
      this.add('password', 0.6, 0, text.length, false, true)
  }
}
const LOWER_E = 101
const MIN_UNNAMED = 24
const DATACENTER = /^[0-9a-f]{32}-us\d{1,2}$/
const PARTS = IN.base64 | IN.underscore | IN.hyphen | IN.tilde
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const CAPITALS = /^[A-Z0-9]+$/
/** A first look: two digits, or letters of both cases, and enough of them. */
function mayBeRandom(text: string, start: number, end: number): boolean {
  let digits = 0
  let lowers = 0
  let uppers = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code <= 57) digits += code >= 48 ? 1 : 0
    else if (code >= 97) lowers++
    else if (code <= 90) uppers++
    if (digits >= 2 && lowers + uppers >= 2) return true
    if (lowers >= 6 && uppers >= 6) return true
  }
  return false
}
const isHashLength = (length: number): boolean => length === 32 || length === 40 || length === 64 || length === 128
/** Several slashes between words. */
const isPath = (value: string, changes: number): boolean => changes < 0.35 && value.split('/').length > 3
