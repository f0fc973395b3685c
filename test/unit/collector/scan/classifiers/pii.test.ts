/** What the classifier of personal data finds, what it takes as proof, and what is no alarm. */

import { describe, expect, it } from 'vitest'
import {
  isBelgian,
  isBrazilian,
  isBritishHealth,
  isCanadian,
  isDutch,
  isGermanTaxId,
  isIndian,
  isNorwegian,
  isPolish,
  isRouting,
  isSwedish,
  isTurkish,
  luhn,
} from '../../../../../collector/scan/classifiers/pii/checksums.ts'
import { pii } from '../../../../../collector/scan/classifiers/pii.ts'
import { scannerOf } from '../../../../../collector/scan/scan.ts'

const { scanText, scanValue } = scannerOf([pii])
const find = (text: string, path = 'content[0].text') =>
  scanText(text, { surface: 'result', role: 'unknown', path, toolName: '', otherTools: new Set() }).hits
const classOf = (text: string, path?: string) => find(text, path).map((hit) => hit.class)

/** The first completion of a number that a check accepts: nobody's number, made when the test runs. */
function completed(start: string, digits: number, check: (digits: string) => boolean): string {
  for (let tail = 0; tail < 10 ** digits; tail++) {
    const number = start + String(tail).padStart(digits, '0')
    if (check(number)) return number
  }
  throw new Error('no completion')
}
const card = completed('411111111111', 4, luhn)
/** Cut into groups of three or four, as `size` says. */
const spaced = (text: string, size: number) => text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(' ')

describe('the classifier of personal data', () => {
  it.each([
    ['pii.email', 'write to jane.doe+news@mail.corp.no today'],
    ['pii.phone', 'Tel: +47 912 34 567'],
    ['pii.phone', 'call (415) 555-2671'],
    ['pii.phone', 'Mobile 07911 123456'],
    ['pii.credit_card', `paid with ${spaced(card, 4)}.`],
    ['pii.credit_card', `card number ${card}`],
    ['pii.iban', 'to GB82 WEST 1234 5698 7654 32'],
    ['pii.iban', 'to NO9386011117947'],
    ['pii.us_ssn', 'SSN 536-22-8145'],
    ['pii.norwegian_id', `fødselsnummer ${completed('010190', 5, isNorwegian)}`],
    ['pii.swedish_id', `${completed('19900101', 4, isSwedish).replace(/(\d{8})/, '$1-')}`],
    ['pii.finnish_id', 'hetu 131052-308T'],
    ['pii.finnish_id', 'hetu 131052A308T'],
    ['pii.brazilian_cpf', completed('111222333', 2, isBrazilian).replace(/(\d{3})(\d{3})(\d{3})/, '$1.$2.$3-')],
    ['pii.indian_aadhaar', `Aadhaar ${spaced(completed('23412341', 4, isIndian), 4)}`],
    ['pii.spanish_id', 'DNI 12345678Z'],
    ['pii.italian_fiscal_code', 'CF RSSMRA85T10A562S'],
    ['pii.french_nir', 'NIR 2 55 08 14 168 025 38'],
    ['pii.date_of_birth', 'date of birth: 1985-04-12'],
    ['pii.ip_address', 'from 203.0.113.77 port 22'],
    ['pii.passport_mrz', 'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10'],
  ])('finds %s in %s', (kind, text) => {
    expect(classOf(text)).toContain(kind)
  })

  it('takes the name of a number from its path, and reads long numbers', () => {
    const id = completed('010190', 5, isNorwegian)
    expect(find(id, 'args.fodselsnummer')[0]).toMatchObject({ class: 'pii.norwegian_id', score: 0.95, validated: true })
    const base = { surface: 'result' as const, toolName: '', otherTools: new Set<string>() }
    expect(scanValue({ card: Number(card) }, base).hits[0]).toMatchObject({ class: 'pii.credit_card' })
  })

  it('never says more than suspicious, and only of what an authority or a bank gave', () => {
    expect(find('jane.doe@mail.corp.no')[0]!.verdict).toBe('benign')
    expect(find('Tel: +47 912 34 567')[0]!.verdict).toBe('benign')
    expect(find(`card ${card}`)[0]!.verdict).toBe('suspicious')
  })

  it.each([
    ['Aadhaar', isIndian, '2363'],
    ['BSN', isDutch, '111222333'],
    ['PESEL', isPolish, '44051401359'],
    ['TCKN', isTurkish, '10000000146'],
    ['NHS', isBritishHealth, '9434765919'],
    ['Steuer-ID', isGermanTaxId, '86095742719'],
    ['CPF', isBrazilian, '52998224725'],
    ['routing', isRouting, '021000021'],
    ['SIN', isCanadian, '130692544'],
    ['Rijksregister', isBelgian, '85073003328'],
    ['personnummer', isSwedish, '8112189876'],
  ])('takes the %s that its authority prints as an example, and no other last digit', (_, check, number) => {
    expect(check(number)).toBe(true)
    for (let step = 1; step < 10; step++)
      expect(check(number.slice(0, -1) + ((Number(number.at(-1)) + step) % 10))).toBe(false)
  })

  it('refuses a wrong check digit', () => {
    for (const [text, kind] of [
      [`card ${card.slice(0, -1)}${(Number(card.at(-1)) + 1) % 10}`, 'pii.credit_card'],
      ['to NO9386011117948', 'pii.iban'],
      ['DNI 12345678A', 'pii.spanish_id'],
      ['SSN 666-22-8145', 'pii.us_ssn'],
    ] as const)
      expect(classOf(text)).not.toContain(kind)
  })

  it.each([
    ['a time stamp', '{"ts":1767225600000,"at":"2026-01-01T00:00:00.000Z"}'],
    ['coordinates', '{"lat":59.91386880,"lon":10.75224540}'],
    ['a version and a private address', 'v1.24.3 on 192.168.1.10 and 127.0.0.1'],
    ['an image name', 'logo@2x.png, git@host.org:team/repo.git'],
    ['a table', '| 1 | 23 | 456 | 7890 | 12 | 345 |'],
    ['hex', 'commit 0123456789012345678901234567890123456789'],
  ])('leaves alone %s', (_, text) => {
    expect(classOf(text)).toEqual([])
  })

  it('reads hostile text and stays within its bounds', () => {
    for (const piece of ['1 ', '12-', '@a.', '<<P<', 'birth 1', 'NO93 8601 ', '(', '111.'])
      expect(find(piece.repeat(8_000)).length).toBeLessThanOrEqual(512)
  })
})
