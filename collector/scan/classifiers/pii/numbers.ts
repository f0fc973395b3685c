/** Numbers that name a person or an account: by how they are written, what is said before them, and their check digits. */
import {
  isBelgian,
  isBrazilian,
  isBritishHealth,
  isCanadian,
  isCardNumber,
  isDanish,
  isDutch,
  isFrench,
  isGermanTaxId,
  isIndian,
  isItin,
  isKorean,
  isNorwegian,
  isPolish,
  isRouting,
  isSsn,
  isSwedish,
  isTurkish,
} from './checksums.ts'

export interface NumberFormat {
  /** The class is `pii.` and this. */
  readonly kind: string
  check(digits: string): boolean
  /** How it is written: lengths of the groups and what parts them. Those that nothing else is written in. */
  readonly own: readonly string[]
  /** Written so, other numbers are as well: its name has to stand before it. */
  readonly shared: readonly string[]
  readonly named: RegExp
  /** The check refuses nearly every number: a text that holds nothing else needs no name to be marked, with little confidence. */
  readonly isStrong?: boolean
}

const list = (text: string): string[] => (text === '' ? [] : text.split('|'))
function format(
  kind: string,
  check: (digits: string) => boolean,
  own: string,
  shared: string,
  named: RegExp,
  isStrong = false,
): NumberFormat {
  return { kind, check, own: list(own), shared: list(shared), named, isStrong }
}

const FORMATS: readonly NumberFormat[] = [
  format(
    'credit_card',
    isCardNumber,
    '16|4 4 4 4|4-4-4-4|4 6 5|4-6-5|4 6 4|4-6-4|15|4 4 4 4 3',
    '13|14|17|18|19|4.4.4.4',
    /card|visa|master|amex|\bpan\b|kort|karte|tarjeta|carte/i,
  ),
  format('us_ssn', isSsn, '3-2-4', '9|3 2 4|3.2.4', /\bssn\b|social.{0,10}(?:security|sec\b)|taxpayer/i),
  format('us_itin', isItin, '3-2-4', '9|3 2 4', /itin|individual tax/i),
  format('norwegian_id', isNorwegian, '6 5', '11', /fødsels|fodsels|personn|\bfnr\b|d-nummer|national/i, true),
  format('swedish_id', isSwedish, '6-4|8-4|6+4|8+4', '10|12', /personn|samordning|\bpnr\b|swedish|svensk/i, true),
  format('danish_cpr', isDanish, '', '6-4|10|6 4', /\bcpr\b|personn|danish/i),
  format('german_tax_id', isGermanTaxId, '2 3 3 3', '11', /steuer|\bidnr|tax.?id|\btin\b/i, true),
  format('dutch_bsn', isDutch, '', '9|4.2.3|3.3.3', /\bbsn\b|burgerservice|sofi/i),
  format(
    'belgian_id',
    isBelgian,
    '2.2.2-3.2|6-3-2|2 2 2 3 2',
    '11',
    /rijksregister|registre national|\bnrn\b|\bniss\b|belg/i,
    true,
  ),
  format('polish_pesel', isPolish, '', '11', /pesel/i, true),
  format('french_nir', isFrench, '1 2 2 2 3 3 2', '15|13 2', /\bnir\b|s[ée]cu|insee/i, true),
  format('uk_nhs', isBritishHealth, '', '3 3 4|3-3-4|10', /\bnhs\b/i),
  format('brazilian_cpf', isBrazilian, '3.3.3-2', '11|9-2', /\bcpf\b/i, true),
  format('indian_aadhaar', isIndian, '4 4 4|4-4-4', '12', /aadha+r|\buid(?:ai)?\b/i),
  format('canadian_sin', isCanadian, '3-3-3|3 3 3', '9', /\bsin\b|\bnas\b|social insurance|assurance sociale/i),
  format('turkish_id', isTurkish, '', '11', /kimlik|tckn|turkish id|\btc\b/i, true),
  format('korean_rrn', isKorean, '6-7', '13', /\brrn\b|\bfrn\b|resident reg|주민|외국인/i),
  format('bank_routing', isRouting, '', '9', /routing|\baba\b|\brtn\b/i),
]

const NONE: readonly NumberFormat[] = []
const byForm = new Map<string, NumberFormat[]>()
for (const each of FORMATS)
  for (const form of [...each.own, ...each.shared]) {
    const known = byForm.get(form)
    if (known === undefined) byForm.set(form, [each])
    else known.push(each)
  }
/** Formats that a number of this form may have. */
export const formatsOf = (form: string): readonly NumberFormat[] => byForm.get(form) ?? NONE
/** More groups than any form has. */
export const MAX_GROUPS = 7

/** Whether digits in this form are a telephone number, and how sure that is; 0: they are none. `opening` stands before them. */
export function phoneScore(form: string, digits: string, opening: string, isNamed: boolean): number {
  const { length } = digits
  if (length < 7 || length > 15 || /(\d)\1{6}/.test(digits)) return 0
  if (opening === '+') return length >= 8 && digits[0] !== '0' ? 0.9 : 0
  if (/^(?:1[- .])?3[- .]{1,2}3[-. ]4$/.test(form) && /^1?[2-9]\d\d[2-9]\d{6}$/.test(digits))
    return isNamed || opening === '(' ? 0.9 : /^3[-.]3[-.]4$/.test(form) ? 0.75 : 0
  if (isNamed) return length <= 13 && !/[.]\d+[.]\d+[.]/.test(form) ? 0.8 : 0
  if (opening === '(' && length >= 9) return 0.6
  // 0 and an area code, in two or more groups.
  if (/^0[1-9]/.test(digits) && length >= 9 && length <= 12 && /^[2-5][- /]{1,2}\d+(?:[- ]\d)*$/.test(form)) return 0.6
  return 0
}
export const PHONE_NAMES =
  /phone|\btel\b|telef|mobil|\bmob\b|\bcell\b|\btlf|\bfax|whatsapp|handy|\bsms\b|call me|\bring\b/i
