/** Terminal control in content: it hides, rewrites or copies when a result, a name or a log line is shown in a terminal. */
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { TRAIT } from '../traits.ts'

const SURFACES: ReadonlySet<Surface> = new Set([
  'definition',
  'instructions',
  'arguments',
  'result',
  'resource',
  'prompt',
  'elicitation',
  'sampling',
  'error',
])
/** A control sequence is not longer; what goes on without an end is cut here. */
const MAX_SEQUENCE = 256
const ESC = 0x1b
const MAX_SEQUENCES = 4_096

export const terminal: Classifier = {
  name: 'terminal',
  version: '1.0.0',
  surfaces: SURFACES,
  needs: TRAIT.control | TRAIT.nonAscii | TRAIT.lineBreak,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const { text } = reading
    const isRead = subject.surface === 'result' || subject.surface === 'resource' || subject.surface === 'error'
    const found = new Map<string, Hit>()
    const add = (kind: string, score: number, start: number, end: number): void => {
      const known = found.get(kind)
      if (known !== undefined && known.score >= score) return
      found.set(kind, {
        class: `terminal.${kind}`,
        score,
        verdict: score >= 0.8 ? 'malicious' : score >= 0.5 ? 'suspicious' : 'benign',
        start,
        end,
      })
    }
    let sequences = 0
    CONTROL.lastIndex = 0
    for (let match = CONTROL.exec(text); match !== null && sequences < MAX_SEQUENCES; match = CONTROL.exec(text)) {
      sequences++
      const start = match.index
      const code = text.charCodeAt(start)
      if (code === 8) {
        let end = start + 1
        while (text.charCodeAt(end) === 8) end++
        CONTROL.lastIndex = end
        // Overstriking, `c\bc`, is how manuals print bold: single backspaces.
        if (end - start >= 3) add('backspace', 0.6, start, end)
        continue
      }
      const introducer = code === ESC ? text.charCodeAt(start + 1) : code - 0x40
      const bodyStart = code === ESC ? start + 2 : start + 1
      const end = introduced(text, introducer, bodyStart, isRead, (kind, score, to) =>
        add(kind, code === ESC ? score : score - 0.1, start, to),
      )
      CONTROL.lastIndex = Math.max(end, start + 1)
    }
    overwrites(text, isRead, add)
    return [...found.values()]
  },
}

/** Backspace, ESC, and the eight-bit forms of CSI, OSC, DCS, PM and APC. */
const CONTROL = /[\x08\x1b\x90\x9b\x9d\x9e\x9f]/g

/** What follows the introducer; answers where the sequence ends. */
function introduced(
  text: string,
  introducer: number,
  from: number,
  isRead: boolean,
  add: (kind: string, score: number, end: number) => void,
): number {
  const limit = Math.min(text.length, from + MAX_SEQUENCE)
  if (introducer === 0x5b) {
    // CSI: parameters, then one letter.
    let end = from
    while (end < limit && text.charCodeAt(end) >= 0x20 && text.charCodeAt(end) < 0x40) end++
    const letter = text.charAt(end)
    if (letter === 'm') {
      const colours = text.slice(from, end)
      if (hides(colours)) add('conceal', 0.85, end + 1)
      else add('colour', isRead ? 0.2 : 0.6, end + 1)
    } else if (/[A-HJKSTfsu]/.test(letter)) add('cursor', isRead ? 0.5 : 0.8, end + 1)
    else if (/[a-zA-Z]/.test(letter)) add('sequence', isRead ? 0.4 : 0.7, end + 1)
    return end + 1
  }
  if (introducer === 0x5d || introducer === 0x50 || introducer === 0x5e || introducer === 0x5f) {
    // OSC, DCS, PM, APC: a string up to BEL or ST.
    let end = from
    while (end < limit && text.charCodeAt(end) !== 7 && text.charCodeAt(end) !== ESC && text.charCodeAt(end) !== 0x9c)
      end++
    const number = introducer === 0x5d ? Number.parseInt(text.slice(from, from + 4), 10) : Number.NaN
    if (number === 52) add('clipboard', 0.95, end)
    else if (number === 8) add('hyperlink', isRead ? 0.5 : 0.8, end)
    else if (!Number.isNaN(number)) add('title', isRead ? 0.5 : 0.8, end)
    else if (introducer !== 0x5d) add('string', isRead ? 0.6 : 0.8, end)
    return end
  }
  if (introducer === 0x63) add('reset', 0.7, from)
  return from
}

/** SGR 8, or a foreground that equals the background. */
function hides(parameters: string): boolean {
  const numbers = parameters.split(/[;:]/)
  // 38;5;8 names a colour: the 8 is no order to hide.
  if (numbers.includes('38') || numbers.includes('48')) return false
  if (numbers.includes('8')) return true
  return numbers.some((number) => /^3[0-7]$/.test(number) && numbers.includes(String(Number(number) + 10)))
}

/** A carriage return that goes back over text already written on the line. */
function overwrites(
  text: string,
  isRead: boolean,
  add: (kind: string, score: number, start: number, end: number) => void,
): void {
  let times = 0
  for (let at = text.indexOf('\r'); at >= 0 && times < 64; at = text.indexOf('\r', at + 1)) {
    const next = text.charCodeAt(at + 1)
    const before = at > 0 ? text.charCodeAt(at - 1) : 10
    if (Number.isNaN(next) || next === 10 || next === 13 || before === 10 || before === 13) continue
    times++
    // Old files end their lines with a lone CR: then there are no line feeds at all.
    if (text.includes('\n') || times === 1) add('overwrite', isRead ? 0.3 : 0.6, at, at + 1)
  }
}
