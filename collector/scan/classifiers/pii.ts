/** Data about persons: what a check digit proves and what is written as nothing else is. The plain kinds are labels, no alarm. */
import { isIP } from 'node:net'
import { traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject } from '../classifier.ts'
import { codeUnitsOf } from '../code-units.ts'
import { TRAIT } from '../traits.ts'
import { ALNUM, eachRun, IN, isIn, runEnd, runStart, UPPER, UPPER_DIGIT, WORD } from './alphabet.ts'
import { ibanLength, isFinnish, isFrench, isIban, isItalian, isMrzField, isSpanish } from './pii/checksums.ts'
import { formatsOf, MAX_GROUPS, PHONE_NAMES, phoneScore } from './pii/numbers.ts'
import { nameInPath } from './secrets/context.ts'

/** `a@b.de` */
const MIN_CHARACTERS = 6
const MAX_HITS = 512
/** Characters before a number in which its name may stand. */
const NAMED_WITHIN = 40
const NONE: readonly Hit[] = []
const NUMERIC = IN.digit | IN.space | IN.hyphen | IN.dot | IN.parenthesis | IN.base64
/** The fewest digits of anything below. */
const MIN_DIGITS = 7
const MIN_CAPITALS = 9

export const pii: Classifier = {
  name: 'pii',
  version: '1',
  least: MIN_CHARACTERS,
  needs: TRAIT.digit | TRAIT.at,
  surfaces: new Set(['arguments', 'result', 'resource', 'prompt', 'elicitation', 'sampling', 'error']),
  check(reading: Reading, subject: Subject): readonly Hit[] {
    return new Search(reading.text, subject).run(traitsOf(reading))
  },
}

/** Digits that the shortest number or date of birth has. */
const SOME_DIGITS = 5
function hasSomeDigits(text: string): boolean {
  const units = codeUnitsOf(text)
  let digits = 0
  for (let at = 0; at < text.length; at++) {
    const unit = units[at]!
    if (unit >= 48 && unit <= 57 && ++digits >= SOME_DIGITS) return true
  }
  return false
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
    const { text } = this
    if ((traits & TRAIT.at) !== 0) this.emails()
    const hasDigits = (traits & TRAIT.digit) !== 0 && hasSomeDigits(text)
    if (hasDigits) eachRun(text, NUMERIC, MIN_DIGITS, (start, end) => this.numbers(start, end))
    if ((traits & TRAIT.upper) !== 0)
      eachRun(text, UPPER_DIGIT, MIN_CAPITALS, (start, end) => this.capitals(start, end))
    if ((traits & TRAIT.angle) !== 0) this.passports()
    if (hasDigits) this.births()
    if (text.length <= 45 && (traits & TRAIT.colon) !== 0 && IPV6.test(text) && isIP(text) === 6)
      this.add('ip_address', 0.6, 0, text.length)
    return this.hits ?? NONE
  }

  private emails(): void {
    const { text } = this
    for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) this.email(at)
  }

  private passports(): void {
    const { text } = this
    let read = 0
    for (let at = text.indexOf('<<'); at >= 0; at = text.indexOf('<<', Math.max(at + 2, read))) read = this.passport(at)
  }

  private births(): void {
    const { text } = this
    BIRTH_WORD.lastIndex = 0
    while (BIRTH_WORD.test(text)) this.birth(BIRTH_WORD.lastIndex)
    if (text.length <= 32 && BIRTH_PATH.test(nameInPath(this.subject.path)) && DATE.test(text))
      this.add('date_of_birth', 0.8, 0, text.length)
  }

  /** `suspicious` is for what identifies a person to an authority or a bank; an address or a telephone number is everywhere. */
  private add(kind: string, score: number, start: number, end: number, validated = false, isSensitive = false): void {
    this.hits ??= []
    const { hits } = this
    if (hits.length >= MAX_HITS) return
    for (let i = Math.max(0, hits.length - 16); i < hits.length; i++)
      if (hits[i]!.start < end && start < hits[i]!.end) return
    const verdict = isSensitive && score >= 0.5 ? 'suspicious' : 'benign'
    hits.push({ class: `pii.${kind}`, score, verdict, start, end, ...(validated && { validated }) })
  }

  private email(at: number): void {
    const { text } = this
    const start = runStart(text, at, LOCAL, 64)
    if (start === at || text[at - 1] === '.') return
    let end = runEnd(text, at + 1, WORD | IN.hyphen | IN.dot, 255)
    while (end > at && (text[end - 1] === '.' || text[end - 1] === '-')) end--
    const domain = text.slice(at + 1, end)
    if (!/^[A-Za-z0-9](?:[\w-]{0,62}\.){1,8}[A-Za-z][A-Za-z0-9-]{1,23}$/.test(domain)) return
    // `git@host`, `user@2x.png`, and a URL's password are not addresses; `//a:b@host` is a secret's affair.
    if (
      /\.(?:png|jpe?g|gif|svg|webp|js|css|git)$/i.test(domain) ||
      text[start - 1] === ':' ||
      text.startsWith('git@', start)
    )
      return
    const isSample = /(?:^|\.)example\.(?:com|org|net)$|\.(?:example|invalid|test|localhost)$/i.test(domain)
    this.add('email', isSample ? 0.3 : 0.95, start, end)
  }

  /** Groups of digits with single characters between them. */
  private numbers(start: number, end: number): void {
    const { text } = this
    let digits = 0
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at)
      if (code >= 48 && code <= 57) digits++
    }
    if (digits < MIN_DIGITS - 1) return
    const account = this.spacedIban(start)
    let at = account > 0 ? account : start
    while (at < end) {
      if (!isIn(text, at, IN.digit)) {
        at++
        continue
      }
      const found = this.startsAt(at) ? this.number(at, end) : 0
      at = found > 0 ? found : runEnd(text, at, IN.digit, end - at)
    }
  }

  /** An account number in groups of four: its country stands before the digits, `NO93 8601 …`, and letters may stand among them. */
  private spacedIban(run: number): number {
    const { text } = this
    const start = run - 2 >= 0 && /^[A-Z]{2}\d\d /.test(text.slice(run - 2, run + 3)) ? run - 2 : run - 9
    if (start < 0 || isIn(text, start - 1, WORD)) return 0
    const length = ibanLength(text.slice(start, start + 2))
    if (length === 0) return 0
    const span = text.slice(start, start + length + Math.ceil(length / 4) - 1)
    if (!/^[A-Z]{2}\d\d(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?$/.test(span) || !isIban(span.replaceAll(' ', '')))
      return 0
    this.add('iban', 0.97, start, start + span.length, true, true)
    return start + span.length
  }

  /** Neither in a word nor behind a decimal point. */
  private startsAt(at: number): boolean {
    if (at === 0) return true
    const before = this.text[at - 1]!
    if (isIn(this.text, at - 1, WORD)) return false
    return before !== '.' || !isIn(this.text, at - 2, IN.digit)
  }

  /** The number that begins at `start`, longest form first; answers where it ends, 0 when it is none. */
  private number(start: number, end: number): number {
    const { text } = this
    let groups = 0
    let digits = 0
    for (let at = start; groups < MAX_GROUPS && at < end; ) {
      const stop = runEnd(text, at, IN.digit, 24)
      if (digits + stop - at > MAX_DIGITS) break
      digits += stop - at
      begins[groups] = at
      ends[groups++] = stop
      const next = isIn(text, stop, IN.digit) ? -1 : nextGroup(text, stop)
      if (next < 0) break
      at = next
    }
    if (groups === 0) return 0
    const first = ends[0]! - start
    if (first === 6 && isIn(text, ends[0]!, FINNISH_SIGN)) {
      const found = this.finnish(start)
      if (found > 0) return found
    }
    // A decimal, an ISO date: most of the numbers there are.
    if (groups === 2 && text[ends[0]!] === '.' && !isIn(text, ends[1]!, WORD)) return ends[1]!
    if (groups > 2 && first === 4 && text[ends[0]!] === '-' && ends[1]! - ends[0]! === 3 && ends[2]! - ends[1]! === 3)
      return ends[2]!
    // Without a name, a piece of a longer chain can only be a telephone number.
    const opening = text[start - 1] ?? ''
    const isUnnamed = !this.followsWord(start) && opening !== '+' && opening !== '('
    const isPhone = text[start] === '0' || first === 3 || (first === 1 && groups > 1 && ends[1]! - begins[1]! === 3)
    for (let group = groups - 1; group >= 0; group--) {
      if (digits < MIN_DIGITS && !(group === 3 && digits > 3)) break
      const stop = ends[group]!
      const goesOn = this.goesOn(group)
      const isOpen = isIn(text, stop, WORD)
      const isVain = goesOn && isUnnamed && !isPhone && group !== 3
      if (!isVain && (!isOpen || (group === 0 && first === 8))) {
        if (this.known(this.form(group), start, stop, goesOn)) return stop
      }
      digits -= stop - begins[group]!
    }
    return 0
  }

  /** More digits follow behind the character that parts the groups so far; behind a single group, behind anything but a space. */
  private goesOn(last: number): boolean {
    const { text } = this
    const after = text[ends[last]!]
    if (nextGroup(text, ends[last]!) < 0) return false
    return last === 0 ? after !== ' ' : after === text[ends[last - 1]!]
  }

  /** Lengths of the groups up to `last`, and what stands between them: `3-2-4`. */
  private form(last: number): string {
    let form = String(ends[0]! - begins[0]!)
    for (let group = 1; group <= last; group++) {
      const before = ends[group - 1]!
      const parting = this.text[before] === ')' ? ' ' : this.text[before]!
      form += parting + (ends[group]! - begins[group]!)
    }
    return form
  }

  private known(form: string, start: number, end: number, goesOn: boolean): boolean {
    const { text } = this
    if (IPV4.test(form)) return this.ip(start, end)
    if (form === '8' && isIn(text, end, UPPER_HYPHEN)) return this.spanish(start, end)
    const isWhole = end - start >= text.length - 2
    const opening = text[start - 1] ?? ''
    const digits = text.slice(start, end).replace(/\D/g, '')
    const names = this.namesOf(start, isWhole)
    for (const { kind, check, own, named, isStrong } of formatsOf(form)) {
      if (!check(digits)) continue
      const isOwn = own.includes(form) && !goesOn
      const isNamed = names !== '' && named.test(names)
      if (!isOwn && !isNamed && !(isWhole && isStrong === true)) continue
      const score = isNamed ? 0.95 : isOwn ? (form.length > 2 ? 0.85 : 0.65) : 0.4
      this.add(kind, score, start, end, score > 0.5, true)
      return true
    }
    const score = phoneScore(form, digits, opening, names !== '' && PHONE_NAMES.test(names))
    if (score === 0) return false
    this.add('phone', score, opening === '+' || opening === '(' ? start - 1 : start, end)
    return true
  }

  private followsWord(start: number): boolean {
    const { text } = this
    let at = start
    while (at > 0 && start - at < 6 && text.charCodeAt(at - 1) < 128 && !isIn(text, at - 1, ALNUM)) at--
    return at > 0 && !isIn(text, at - 1, IN.digit)
  }

  /** What stands before a number and may name it; '' when that is no word. */
  private namesOf(start: number, isWhole: boolean): string {
    const { text } = this
    const before = this.followsWord(start) ? text.slice(Math.max(0, start - NAMED_WITHIN), start) : ''
    return isWhole ? `${nameInPath(this.subject.path)} ${before}` : before
  }

  private ip(start: number, end: number): boolean {
    const address = this.text.slice(start, end)
    if (isIP(address) !== 4 || /^(?:0|10|127|255|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./.test(address))
      return false
    this.add('ip_address', 0.5, start, end)
    return true
  }

  private finnish(start: number): number {
    const { text } = this
    const id = text.slice(start, start + 11)
    if (!FINNISH.test(id) || isIn(text, start + 11, WORD) || !isFinnish(id)) return 0
    this.add('finnish_id', 0.9, start, start + 11, true, true)
    return start + 11
  }

  /** Eight digits and a letter. */
  private spanish(start: number, end: number): boolean {
    const { text } = this
    const letter = text[end] === '-' ? end + 1 : end
    if (!/[A-Z]/.test(text[letter] ?? '') || isIn(text, letter + 1, WORD)) return false
    if (!isSpanish(text.slice(start, end) + text[letter])) return false
    this.add('spanish_id', 0.8, start, letter + 1, true, true)
    return true
  }

  /** Capitals and digits: account numbers and ids that hold letters. */
  private capitals(start: number, end: number): void {
    const { text } = this
    if (start > 0 && isIn(text, start - 1, ALNUM)) return
    const length = end - start
    const id = text.slice(start, Math.min(end, start + 34))
    const isClosed = !isIn(text, end, WORD)
    if (!isClosed) return
    if (length >= 15 && length <= 34 && /^[A-Z]{2}\d\d/.test(id) && isIban(id))
      this.add('iban', 0.95, start, end, true, true)
    else if (length === 16 && CODICE.test(id) && isItalian(id))
      this.add('italian_fiscal_code', 0.95, start, end, true, true)
    else if (length === 11 && FINNISH.test(id) && isFinnish(id)) this.add('finnish_id', 0.9, start, end, true, true)
    else if (length === 9 && /^(?:[XYZ]\d{7}|\d{8})[A-Z]$/.test(id) && isSpanish(id))
      this.add('spanish_id', 0.85, start, end, true, true)
    else if (length === 15 && /^.{5}2[AB]/.test(id) && isFrench(id)) this.add('french_nir', 0.9, start, end, true, true)
  }

  /** Two or three lines of a document that a machine reads; `at` is in the first. Answers where it stopped reading. */
  private passport(at: number): number {
    const { text } = this
    let start = at
    while (start > 0 && at - start < 44 && MRZ.test(text[start - 1]!)) start--
    const lines = text.slice(start, start + 96).split(/\r?\n|\\n/, 3)
    const [first = '', second = ''] = lines
    const isPassport = /^[PV]/.test(first)
    const numberLine = isPassport ? second : first.slice(5)
    const birthAt = isPassport ? 13 : 0
    if (!/^[PVIAC][A-Z<]/.test(first) || !/^[A-Z0-9<]{28,44}$/.test(second)) return at + 2
    if (!isMrzField(numberLine.slice(0, 9), numberLine[9] ?? '')) return at + 2
    if (!isMrzField(second.slice(birthAt, birthAt + 6), second[birthAt + 6] ?? '')) return at + 2
    const end = Math.min(text.length, start + first.length + 1 + second.length)
    this.add('passport_mrz', 0.98, start, end, true, true)
    return end
  }

  private birth(at: number): void {
    const near = this.text.slice(at, at + 36)
    const match = DATE.exec(near)
    if (match !== null) this.add('date_of_birth', 0.8, at + match.index, at + match.index + match[0].length)
  }
}

/** Groups of the number at hand: one at a time is read. */
const begins = new Int32Array(MAX_GROUPS)
const ends = new Int32Array(MAX_GROUPS)
const MAX_DIGITS = 19
const FINNISH_SIGN = IN.hyphen | UPPER | IN.base64
const UPPER_HYPHEN = UPPER | IN.hyphen
const LOCAL = WORD | IN.hyphen | IN.dot | IN.base64
/** A first look; a zone may follow. */
const IPV6 = /^[\da-fA-F:.]{2,45}(?:%|$)/
const IPV4 = /^\d\.\d\.\d\.\d$/
const MRZ = /[A-Z0-9<]/
const FINNISH = /^\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]$/
const CODICE = /^[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]$/
const BIRTH_WORD = /[Bb]irth|DOB|dob/g
const BIRTH_PATH = /birth|\bdob\b/i
const DATE =
  /\b(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/. ](?:0?[1-9]|1[0-2]|[A-Z][a-z]{2,8})[-/., ]{1,2}(?:19|20)\d\d|[A-Z][a-z]{2,8} \d{1,2},? (?:19|20)\d\d|\d{1,2}\/\d{1,2}\/(?:19|20)\d\d)\b/

/** Where the next digit stands when one or two characters of punctuation part it; -1 otherwise. */
function nextGroup(text: string, stop: number): number {
  if (!isIn(text, stop, NUMERIC)) return -1
  if (isIn(text, stop + 1, IN.digit)) return stop + 1
  return isIn(text, stop + 1, IN.parenthesis | IN.space) && isIn(text, stop + 2, IN.digit) ? stop + 2 : -1
}
