/** The one place that makes attacker text safe to show: names, arguments and claims of servers and clients are hostile. */

/**
 * What a terminal, a log or a chat would act on or hide instead of showing: controls (ANSI, newline, tab), format characters (bidi, zero
 * width, tags), lone surrogates, private and unassigned code points, line separators, fillers and variation selectors.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
/** More marks on one letter than any script needs climb over the neighbouring lines. */
const MARK_PILE = /(\p{M}{4})\p{M}+/gu

/** One line in which every unseen character is written out as `\u{hex}`. At most `maxChars` UTF-16 units; what is cut is counted. */
export function visible(text: string, maxChars = 500): string {
  return cutPieces(pieces(text, maxChars), maxChars, text.length)
}

/**
 * Text for services that make links of plain addresses, tags of angle brackets, or dates of `{{…}}`: what would start one is written so
 * that it starts nothing (`https[:]//`, as analysts write it). At most `maxChars` UTF-16 units.
 */
export function inertText(text: string, maxChars = 500): string {
  const parts = pieces(text, maxChars)
  return cutPieces(
    parts.map((piece, at) => inertPiece(piece, parts, at)),
    maxChars,
    text.length,
  )
}

/**
 * A query as it is, for the same services: cut or changed it would not run. Undefined when it is longer than `maxChars` or holds what
 * would have to be changed; comparisons (`<`) alone are left.
 */
export function inertQuery(text: string, maxChars: number): string | undefined {
  const lines = text.split('\n')
  const plain = text.length <= maxChars && lines.every((line) => visible(line, maxChars) === line)
  return plain && !/:\/\/|\bwww\.|\{\{|\]\(|<\/?[a-z!]/i.test(text) ? text : undefined
}

/** Looks back at what stands before it, and forward past a scheme's colon. */
function inertPiece(piece: string, parts: readonly string[], at: number): string {
  if (piece === '<') return '‹'
  if (piece === '>') return '›'
  if (piece === ':' && parts[at + 1] === '/' && parts[at + 2] === '/') return '[:]'
  if (piece === '.' && /^www$/i.test(parts.slice(Math.max(at - 3, 0), at).join(''))) return '[.]'
  if (piece === '{' && parts[at - 1] === '{') return ' {'
  if (piece === '(' && parts[at - 1] === ']') return ' ('
  return piece
}

/**
 * Text for a Slack `mrkdwn` or fallback field: also `&`, `<` and `>` as entities, so that no link, mention or `<!channel>` can form.
 * The length limit counts the escaped form and never cuts an entity.
 */
export function slackText(text: string, maxChars = 500): string {
  return cutPieces(pieces(text, maxChars).map(slackEntity), maxChars, text.length)
}

/** The same as inline code, where Slack reads no formatting at all; a backtick would end it and becomes an apostrophe. */
export function slackCode(text: string, maxChars = 500): string {
  if (text.trim() === '') return '–'
  return `\`${slackText(text.replaceAll('`', "'"), maxChars - 2)}\``
}

/** Several lines as a code block; undefined when it does not fit, because a query that is cut does not run. */
export function slackCodeBlock(text: string, maxChars: number): string | undefined {
  if (text.length > maxChars) return undefined
  const lines = text.split('\n').map((line) => slackText(line.replaceAll('```', "'''"), Number.POSITIVE_INFINITY))
  const block = `\`\`\`\n${lines.join('\n')}\n\`\`\``
  return block.length <= maxChars ? block : undefined
}

const slackEntity = (piece: string): string =>
  piece === '&' ? '&amp;' : piece === '<' ? '&lt;' : piece === '>' ? '&gt;' : piece

/** Code points of the shown text, or `\u{…}` for one that is not shown; never more than are needed, so that 10 MB cost what 500 do. */
function pieces(text: string, maxChars: number): string[] {
  const head = Number.isFinite(maxChars) ? text.slice(0, maxChars + 1) : text
  return Array.from(head.replace(MARK_PILE, '$1'), (point) =>
    point.replace(UNSEEN, (unseen) => `\\u{${(unseen.codePointAt(0) ?? 0).toString(16)}}`),
  )
}

function cutPieces(parts: readonly string[], maxChars: number, originalChars: number): string {
  const whole = parts.join('')
  if (whole.length <= maxChars && originalChars <= maxChars) return whole
  const note = `… (${originalChars} characters)`
  let kept = ''
  for (const part of parts) {
    if (kept.length + part.length + note.length > maxChars) break
    kept += part
  }
  return kept + note
}
