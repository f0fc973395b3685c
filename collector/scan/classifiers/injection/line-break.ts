/** Whether a line break ends a sentence: prose is wrapped, lists and headings are not. Works on the code units of the text. */

/** A line break ends a sentence unless the next line goes on with it: prose that is wrapped. */
export function endsAtLineBreak(codes: Uint16Array, length: number, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (codes[before]! === 32 || codes[before]! === 13 || codes[before]! === 9)) before--
  const last = before >= 0 ? codes[before]! : 10
  // . ! ? : ; > ] }
  if (
    last === 10 ||
    last === 46 ||
    last === 33 ||
    last === 63 ||
    last === 58 ||
    last === 59 ||
    last === 62 ||
    last === 93 ||
    last === 125
  )
    return true
  let next = at + 1
  while (next < length && (codes[next]! === 32 || codes[next]! === 9)) next++
  if (next >= length) return true
  const first = codes[next]!
  if (first === 10 || first === 13) return true
  // A bullet, a heading, a table, a tag, a list.
  if (
    first === 45 ||
    first === 42 ||
    first === 35 ||
    first === 124 ||
    first === 60 ||
    first === 91 ||
    first === 43 ||
    first === 0x2022
  )
    return true
  const isCapital = first >= 65 && first <= 90
  // A capital after a long line may be a name or SHOUTING that goes on.
  return isCapital && (at - lineStartBefore(codes, before) < 40 || isLower(codes[next + 1]!))
}

const isLower = (code: number): boolean => code >= 97 && code <= 122

function lineStartBefore(codes: Uint16Array, at: number): number {
  let start = at
  for (let step = 0; start > 0 && step < 80 && codes[start - 1]! !== 10; step++) start--
  return start
}
