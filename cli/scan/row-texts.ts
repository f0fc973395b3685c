/** The rows of a file as texts: one a line, or the elements of a JSON array; in pieces as they come, holding no more than one row. */

/** A row as it stands in the file; `text` is undefined where it is longer than any row may be. */
export interface RowText {
  readonly text: string | undefined
  /** Where it begins; in an array of rows, the number of the row. */
  readonly line: number
}

/** UTF-16 units of one row. */
export const ROW_CHARACTERS = 16_777_216

const BOM = '\ufeff'
const isSpace = (char: string): boolean => char === ' ' || char === '\n' || char === '\r' || char === '\t'

/** `pieces`: text as it is read. An array may stand anywhere a line could begin. */
export async function* rowTexts(
  pieces: AsyncIterable<string> | Iterable<string>,
  maxCharacters = ROW_CHARACTERS,
): AsyncGenerator<RowText> {
  const cutter = new Cutter(maxCharacters)
  for await (const piece of pieces) {
    cutter.take(piece)
    yield* cutter.given()
  }
  cutter.end()
  yield* cutter.given()
}

/** Where reading stands: between lines, within one, between the elements of an array, or within one. */
type State = 'start' | 'line' | 'between' | 'element'

class Cutter {
  private state: State = 'start'
  private line = 1
  private element = 0
  /** The row under way, in the pieces that it came in. */
  private parts: string[] = []
  private length = 0
  private firstLine = 1
  private depth = 0
  private inText = false
  private isEscaped = false
  private isFirst = true
  private readonly ready: RowText[] = []
  private readonly maxCharacters: number

  constructor(maxCharacters: number) {
    this.maxCharacters = maxCharacters
  }

  *given(): Generator<RowText> {
    yield* this.ready.splice(0)
  }

  take(piece: string): void {
    const text = this.isFirst && piece.startsWith(BOM) ? piece.slice(1) : piece
    if (piece !== '') this.isFirst = false
    for (let at = 0; at < text.length; )
      switch (this.state) {
        case 'start':
          at = this.start(text, at)
          break
        case 'line':
          at = this.readLine(text, at)
          break
        case 'between':
          at = this.between(text, at)
          break
        case 'element':
          at = this.readElement(text, at)
      }
  }

  /** What is open at the end of the file is a row too, whole or not. */
  end(): void {
    if (this.state === 'line' || this.state === 'element') this.close()
    this.state = 'start'
  }

  private start(text: string, at: number): number {
    const char = text[at]!
    if (char === '\n') this.line++
    if (isSpace(char)) return at + 1
    if (char === '[') {
      this.state = 'between'
      return at + 1
    }
    this.open('line', this.line)
    return at
  }

  private readLine(text: string, at: number): number {
    const end = text.indexOf('\n', at)
    this.keep(text.slice(at, end < 0 ? text.length : end))
    if (end < 0) return text.length
    this.line++
    this.close()
    this.state = 'start'
    return end + 1
  }

  private between(text: string, at: number): number {
    const char = text[at]!
    if (isSpace(char) || char === ',') return at + 1
    if (char === ']') {
      this.state = 'start'
      return at + 1
    }
    this.open('element', ++this.element)
    this.depth = 0
    this.inText = false
    return at
  }

  /** Up to the comma or bracket that ends the element. */
  private readElement(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (this.isEscaped) this.isEscaped = false
      else if (this.inText) {
        if (code === 0x5c) this.isEscaped = true
        else if (code === 0x22) this.inText = false
      } else if (code === 0x22) this.inText = true
      else if (code === 0x7b || code === 0x5b) this.depth++
      else if (this.depth === 0 && (code === 0x2c || code === 0x5d)) {
        this.keep(text.slice(from, at))
        this.close()
        this.state = 'between'
        return at
      } else if (code === 0x7d || code === 0x5d) this.depth--
    }
    this.keep(text.slice(from))
    return text.length
  }

  private open(state: State, line: number): void {
    this.state = state
    this.firstLine = line
    this.parts = []
    this.length = 0
  }

  private keep(part: string): void {
    this.length += part.length
    if (this.length > this.maxCharacters) this.parts = []
    else this.parts.push(part)
  }

  private close(): void {
    const text = this.length > this.maxCharacters ? undefined : this.parts.join('')
    if (text === undefined || text.trim() !== '') this.ready.push({ text, line: this.firstLine })
    this.parts = []
  }
}
