/** Check digits of numbers that name a person or an account. Every function takes digits only, unless it says otherwise. */

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48
function weighted(digits: string, weights: readonly number[]): number {
  let sum = 0
  for (let at = 0; at < weights.length; at++) sum += weights[at]! * digit(digits, at)
  return sum
}

export function luhn(digits: string): boolean {
  let sum = 0
  for (let at = digits.length - 1, isDoubled = false; at >= 0; at--, isDoubled = !isDoubled) {
    const value = digit(digits, at) * (isDoubled ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

/** Issuers that exist, with the lengths they use. */
export function isCardNumber(digits: string): boolean {
  const { length } = digits
  const two = Number(digits.slice(0, 2))
  const four = Number(digits.slice(0, 4))
  const isIssued =
    (digits[0] === '4' && (length === 13 || length === 16 || length === 19)) ||
    (two >= 51 && two <= 55 && length === 16) ||
    (four >= 2221 && four <= 2720 && length === 16) ||
    ((two === 34 || two === 37) && length === 15) ||
    ((four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) && length >= 16) ||
    ((two === 36 || two === 38 || (four >= 3000 && four <= 3059)) && length === 14) ||
    (four >= 3528 && four <= 3589 && length >= 16) ||
    (two === 62 && length >= 16) ||
    (/^(?:5018|5020|5038|6304|6759|676[123])/.test(digits) && length >= 13)
  return isIssued && luhn(digits) && !/^(\d)\1+$/.test(digits)
}

/** Remainder of a long number, in which letters count as 10 to 35. */
function mod97(text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}
/** Lengths by country: elsewhere a text that passes is an accident. */
const IBAN_LENGTHS: Record<string, number> = {}
for (const entry of 'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'.split(
  ' ',
))
  IBAN_LENGTHS[entry.slice(0, 2)] = Number(entry.slice(2))
/** Without spaces, in capitals. */
export const isIban = (iban: string): boolean =>
  IBAN_LENGTHS[iban.slice(0, 2)] === iban.length && mod97(iban.slice(4) + iban.slice(0, 4)) === 1
export const ibanLength = (country: string): number => IBAN_LENGTHS[country] ?? 0

export function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}
const two = (digits: string, at: number): number => Number(digits.slice(at, at + 2))

export function isNorwegian(digits: string): boolean {
  const day = two(digits, 0) % 40
  const month = two(digits, 2) % 40
  const first = 11 - (weighted(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)
  const second = 11 - (weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)
  return isDate(2000, month, day) && first % 11 === digit(digits, 9) && second % 11 === digit(digits, 10)
}
export function isSwedish(digits: string): boolean {
  const ten = digits.slice(-10)
  const century = digits.length === 12 ? two(digits, 0) : 20
  if (century < 18 || century > 20) return false
  return isDate(century * 100 + two(ten, 0), two(ten, 2), two(ten, 4) % 60) && luhn(ten)
}
/** Numbers given out since 2007 need not pass the remainder. */
export const isDanish = (digits: string): boolean =>
  isDate(2000, two(digits, 2), two(digits, 0)) && weighted(digits, [4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
/** With the century sign and the check character. */
export function isFinnish(id: string): boolean {
  const number = Number(id.slice(0, 6) + id.slice(7, 10))
  return isDate(2000, two(id, 2), two(id, 0)) && '0123456789ABCDEFHJKLMNPRSTUVWXY'[number % 31] === id[10]
}
export function isGermanTaxId(digits: string): boolean {
  if (digits[0] === '0') return false
  const times = new Map<string, number>()
  for (const figure of digits.slice(0, 10)) times.set(figure, (times.get(figure) ?? 0) + 1)
  if (Math.max(...times.values()) > 3 || times.size < 8) return false
  let product = 10
  for (let at = 0; at < 10; at++) {
    const sum = (digit(digits, at) + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === digit(digits, 10)
}
export const isDutch = (digits: string): boolean =>
  Number(digits) > 0 && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0
export function isBelgian(digits: string): boolean {
  if (!isDate(2000, two(digits, 2) % 20, Math.max(1, two(digits, 4)))) return false
  const check = two(digits, 9)
  const number = Number(digits.slice(0, 9))
  return check === 97 - (number % 97) || check === 97 - ((2_000_000_000 + number) % 97)
}
export const isPolish = (digits: string): boolean =>
  isDate(2000, two(digits, 2) % 20, two(digits, 4)) && weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
/** Corsican departments are letters. */
export function isFrench(id: string): boolean {
  if (!/^[12]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{8}$/.test(id)) return false
  const number = Number(id.slice(0, 13).replace('2A', '19').replace('2B', '18'))
  return 97 - (number % 97) === two(id, 13)
}
export const isBritishHealth = (digits: string): boolean =>
  !/^(\d)\1+$/.test(digits) && weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0
export function isBrazilian(digits: string): boolean {
  if (/^(\d)\1+$/.test(digits)) return false
  const first = (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11
  const second = (weighted(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11
  return first % 10 === digit(digits, 9) && second % 10 === digit(digits, 10)
}
const PERMUTE = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
/** Verhoeff: the dihedral group of ten elements, the position applied as a repeated permutation. */
export function isIndian(digits: string): boolean {
  if (!/^[2-9]/.test(digits) || /^(\d)\1+$/.test(digits)) return false
  let check = 0
  for (let place = 0; place < digits.length; place++) {
    let value = digit(digits, digits.length - 1 - place)
    for (let times = place % 8; times > 0; times--) value = PERMUTE[value]!
    check = dihedral(check, value)
  }
  return check === 0
}
function dihedral(a: number, b: number): number {
  const turns = a % 5
  if (a < 5) return b < 5 ? (turns + b) % 5 : 5 + ((turns + b) % 5)
  return b < 5 ? 5 + ((turns - b + 5) % 5) : (turns - (b % 5) + 5) % 5
}
export const isCanadian = (digits: string): boolean => !/^[08]|^(\d)\1+$/.test(digits) && luhn(digits)
export function isTurkish(digits: string): boolean {
  if (digits[0] === '0') return false
  const odd = digit(digits, 0) + digit(digits, 2) + digit(digits, 4) + digit(digits, 6) + digit(digits, 8)
  const even = digit(digits, 1) + digit(digits, 3) + digit(digits, 5) + digit(digits, 7)
  const tenth = (((odd * 7 - even) % 10) + 10) % 10
  return tenth === digit(digits, 9) && (odd + even + tenth) % 10 === digit(digits, 10)
}
/** From October 2020 on the last digits are random: such a number is known by its date alone. Foreigners' have 5 to 8. */
export function isKorean(digits: string): boolean {
  const sign = digit(digits, 6)
  if (sign < 1 || sign > 8 || !isDate(2000, two(digits, 2), two(digits, 4))) return false
  if (two(digits, 0) >= 20 && two(digits, 0) <= 40 && sign % 5 >= 3) return true
  const rest = weighted(digits, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11
  return ((sign > 4 ? 13 : 11) - rest) % 10 === digit(digits, 12)
}
export const isRouting = (digits: string): boolean =>
  /^(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)/.test(digits) &&
  Number(digits) > 0 &&
  weighted(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0
/** Ranges that were given out; the numbers of advertisements were not. */
export const isSsn = (digits: string): boolean =>
  !/^(?:000|666|9)|^...00|0000$/.test(digits) && !/^(?:078051120|219099999|123456789|(\d)\1+)$/.test(digits)
export const isItin = (digits: string): boolean => /^9\d\d(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}$/.test(digits)

const SPANISH = 'TRWAGMYFPDXBNJZSQVHLCKE'
/** DNI, or NIE with its first letter. */
export const isSpanish = (id: string): boolean =>
  SPANISH[Number(id.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))) % 23] === id.at(-1)

const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
export function isItalian(id: string): boolean {
  let sum = 0
  for (let at = 0; at < 15; at++) {
    const code = id.charCodeAt(at)
    const value = code < 58 ? code - 48 : code - 65
    sum += at % 2 === 0 ? ODD[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === id[15]
}
/** ICAO 9303: weights 7, 3, 1; letters count from 10, fillers 0. */
export function isMrzField(field: string, check: string): boolean {
  let sum = 0
  for (let at = 0; at < field.length; at++)
    sum += (field[at] === '<' ? 0 : Number.parseInt(field[at]!, 36)) * [7, 3, 1][at % 3]!
  return String(sum % 10) === check || (check === '<' && sum === 0)
}
