/** The text of an HTTP body as servers read it: in the charset that it names, and without a byte order mark. */

/** `charset` of a Content-Type; UTF-8 where it names none, as JSON has it (RFC 8259, 8.1). */
const charsetOf = (contentType: string | undefined): string =>
  /;\s*charset\s*=\s*"?([^\s;",]{1,40})/i.exec(contentType ?? '')?.[1]?.toLowerCase() ?? 'utf-8'

const withoutMark = (text: string): string => (text.charCodeAt(0) === 0xfeff ? text.slice(1) : text)

/**
 * undefined: in a charset that we do not read (UTF-7, UTF-32). Frameworks decode whatever a client names, and so does a client that
 * does not want to be understood on the way.
 */
export function bodyText(body: Buffer, contentType: string | undefined): string | undefined {
  let charset = charsetOf(contentType)
  if (charset === 'utf-8') return withoutMark(body.toString('utf8'))
  // The label alone means little-endian; who names it without an order says it by the mark.
  if (charset === 'utf-16' && body[0] === 0xfe && body[1] === 0xff) charset = 'utf-16be'
  try {
    return withoutMark(new TextDecoder(charset).decode(body))
  } catch {
    return undefined
  }
}

/** Whether a body may be JSON, by its first bytes: some servers take it under any content type. */
export function beginsLikeJson(chunk: Buffer): boolean {
  const text = chunk.toString('latin1', 0, 256).replace(/^(?:\u00ef\u00bb\u00bf|\u00ff\u00fe|\u00fe\u00ff)/, '')
  return /^[\s\u0000]*(?:[[{]|$)/.test(text)
}
