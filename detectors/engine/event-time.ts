/** Event time as whole milliseconds since 1970, read from RFC 3339 UTC text without an allocation. */

const digits2 = (text: string, at: number): number => text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 528
/** Days from 1970-01-01 to a date of the Gregorian calendar (Howard Hinnant, days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = (((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) | 0) + day - 1
  return era * 146_097 + yearOfEra * 365 + ((yearOfEra / 4) | 0) - ((yearOfEra / 100) | 0) + dayOfYear - 719_468
}

/** `2026-11-24T01:02:03.123456789Z` in milliseconds; decimals beyond the third are cut. The text must match INSTANT of field.ts. */
export function millisecondsOf(text: string): number {
  const days = daysFromCivil(digits2(text, 0) * 100 + digits2(text, 2), digits2(text, 5), digits2(text, 8))
  let ms = 0
  if (text.charCodeAt(19) === 46) {
    const end = text.length - 1
    ms = (text.charCodeAt(20) - 48) * 100
    if (end > 21) ms += (text.charCodeAt(21) - 48) * 10
    if (end > 22) ms += text.charCodeAt(22) - 48
  }
  return days * 86_400_000 + digits2(text, 11) * 3_600_000 + digits2(text, 14) * 60_000 + digits2(text, 17) * 1_000 + ms
}
