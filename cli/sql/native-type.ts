/** Names of ClickHouse types as a tree: enough to know how many bytes a column of the Native format takes. */
export interface NativeType {
  readonly name: string
  readonly arguments: readonly string[]
}

/** `Map(String, UInt8)` is Map with two arguments. Quotes and brackets within an argument belong to it. */
export function nativeType(text: string): NativeType {
  const open = text.indexOf('(')
  if (open < 0) return { name: text, arguments: [] }
  return { name: text.slice(0, open), arguments: splitArguments(text.slice(open + 1, text.lastIndexOf(')'))) }
}

function splitArguments(text: string): readonly string[] {
  const found: string[] = []
  let from = 0
  for (let at = 0, depth = 0; at < text.length; at++) {
    const char = text[at]
    if (char === "'" || char === '`') at = quoteEnd(text, at)
    else if (char === '(') depth += 1
    else if (char === ')') depth -= 1
    else if (char === ',' && depth === 0) {
      found.push(text.slice(from, at).trim())
      from = at + 1
    }
  }
  const last = text.slice(from).trim()
  return last === '' ? found : [...found, last]
}

/** Index of the closing quote; a backslash takes the next character with it. */
function quoteEnd(text: string, at: number): number {
  const quote = text[at]
  let end = at + 1
  while (end < text.length && text[end] !== quote) end += text[end] === '\\' ? 2 : 1
  return end
}

/** An element of a tuple may have a name before its type: `id UInt64`. A type has no space outside its brackets. */
export function elementType(text: string): string {
  const from = text.startsWith('`') ? quoteEnd(text, 0) + 1 : 0
  const space = text.indexOf(' ', from)
  const bracket = text.indexOf('(', from)
  return space < 0 || (bracket >= 0 && bracket < space) ? text : text.slice(space + 1)
}
