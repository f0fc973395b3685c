/** A text without what was found in it: each span stands as the class of what it was, such as `[secret.github_token]`. */
import type { Hit, Scanned, Subject } from './classifier.ts'
import { BOUNDS, type Bounds, scanText, unreadOf } from './scan.ts'

/** The offsets and the class of a hit; a `LocatedHit` of the same text is one. */
export type Redaction = Pick<Hit, 'class' | 'start' | 'end'>

const UNREAD = 'unscanned'
/** A secret may be cut where reading stopped: as much of what stands before and after is taken out, up to the next white space. */
const CUT_CHARACTERS = 512

/** Overlapping spans become one, named after the longest. Offsets outside the text, or inside a character, are widened to fit. */
export function redact(text: string, hits: readonly Redaction[]): string {
  if (hits.length === 0) return text
  const spans = hits
    .map(({ class: kind, start, end }) => ({ kind, start: before(text, start), end: after(text, end) }))
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.start - b.start || b.end - a.end)
  let out = ''
  let read = 0
  for (let i = 0; i < spans.length; ) {
    const { start } = spans[i]!
    let { kind, end } = spans[i]!
    let longest = end - start
    for (i++; i < spans.length && spans[i]!.start < end; i++) {
      const next = spans[i]!
      if (next.end - next.start > longest) {
        longest = next.end - next.start
        kind = next.kind
      }
      if (next.end > end) end = next.end
    }
    out += `${text.slice(read, start)}[${kind}]`
    read = end
  }
  return out + text.slice(read)
}

/** Scans a text and takes out what `takesOut` says yes to; what no classifier read is taken out too, as `[unscanned]`. */
export function redactText(
  text: string,
  subject: Subject,
  takesOut: (hit: Hit) => boolean,
  bounds: Bounds = BOUNDS,
): { readonly text: string; readonly scanned: Scanned } {
  const scanned = scanText(text, subject, bounds)
  const redactions: Redaction[] = scanned.hits.filter(takesOut)
  if (scanned.unscannedBytes > 0) redactions.push({ class: UNREAD, ...unreadSpan(text, scanned, bounds) })
  return { text: redact(text, redactions), scanned }
}

/** The middle of a long text; all of it when a classifier failed, since then nothing is known of it. */
function unreadSpan(text: string, scanned: Scanned, bounds: Bounds): { start: number; end: number } {
  if (text.length <= bounds.textCharacters) return { start: 0, end: text.length }
  const { headEnd, tailStart } = unreadOf(text, bounds.textCharacters)
  if (scanned.unscannedBytes !== Buffer.byteLength(text.slice(headEnd, tailStart)))
    return { start: 0, end: text.length }
  let start = headEnd
  while (start > 0 && headEnd - start < CUT_CHARACTERS && !isSpace(text, start - 1)) start--
  let end = tailStart
  while (end < text.length && end - tailStart < CUT_CHARACTERS && !isSpace(text, end)) end++
  return { start, end }
}

const isSpace = (text: string, index: number): boolean => text.charCodeAt(index) <= 32
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff
const inside = (text: string, offset: number): boolean =>
  isLow(text.charCodeAt(offset)) && isHigh(text.charCodeAt(offset - 1))
function before(text: string, offset: number): number {
  const bounded = Math.max(0, Math.min(offset, text.length))
  return inside(text, bounded) ? bounded - 1 : bounded
}
function after(text: string, offset: number): number {
  const bounded = Math.max(0, Math.min(offset, text.length))
  return inside(text, bounded) ? bounded + 1 : bounded
}
