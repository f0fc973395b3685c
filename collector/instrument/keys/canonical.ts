/** RFC 8785 canonical JSON of a value as JSON.stringify would send it, within a budget; fingerprints and keyed hashes are made over it. */

/** Nesting beyond which a value has no canonical text: also what stops a cycle. */
const MAX_DEPTH = 64
/** Characters of a key that is empty, with its quotes. */
const MIN_MEMBER = 2

interface Budget {
  characters: number
}
const EXHAUSTED = Symbol('budget')

/**
 * Canonical text: keys in UTF-16 order, numbers and strings as ECMAScript prints them, no white space, no Unicode normalisation.
 * Undefined when it would exceed `maxCharacters` or the depth: the work is bounded, a cut text would hash like another value.
 */
export function canonical(value: unknown, maxCharacters = Number.POSITIVE_INFINITY): string | undefined {
  const budget: Budget = { characters: maxCharacters }
  try {
    return write(value, budget, 0) ?? 'null'
  } catch (error) {
    if (error === EXHAUSTED) return undefined
    throw error
  }
}

function spend(budget: Budget, text: string): string {
  budget.characters -= text.length
  if (budget.characters < 0) throw EXHAUSTED
  return text
}

/** Undefined for what JSON leaves out (undefined, functions, symbols). */
function write(value: unknown, budget: Budget, depth: number): string | undefined {
  if (typeof value === 'string') {
    if (value.length > budget.characters) throw EXHAUSTED
    return spend(budget, quote(value))
  }
  if (typeof value === 'number') return spend(budget, Number.isFinite(value) ? String(value) : 'null')
  if (typeof value === 'boolean') return spend(budget, value ? 'true' : 'false')
  if (value === null) return spend(budget, 'null')
  if (typeof value !== 'object') {
    if (typeof value === 'bigint') throw new TypeError('instrument: canonical: a BigInt has no JSON form')
    return undefined
  }
  if (depth >= MAX_DEPTH) throw EXHAUSTED
  const toJson = (value as { toJSON?: unknown }).toJSON
  if (typeof toJson === 'function') return write(toJson.call(value, ''), budget, depth + 1)
  spend(budget, '{}')
  if (Array.isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index++)
      text += (index === 0 ? '' : ',') + (write(value[index], budget, depth + 1) ?? spend(budget, 'null'))
    return `${text}]`
  }
  let text = '{'
  for (const key of sortedKeys(value, budget)) {
    const inner = write((value as Record<string, unknown>)[key], budget, depth + 1)
    if (inner === undefined) continue
    text += `${text.length === 1 ? '' : ','}${spend(budget, quote(key))}:${inner}`
  }
  return `${text}}`
}

/** Most objects arrive sorted or with one key: then there is nothing to allocate for. More keys than the budget has room for are not sorted. */
function sortedKeys(value: object, budget: Budget): string[] {
  const keys = Object.keys(value)
  if (keys.length * MIN_MEMBER > budget.characters) throw EXHAUSTED
  for (let index = 1; index < keys.length; index++) if (keys[index - 1]! > keys[index]!) return keys.sort()
  return keys
}

/** RFC 8785 3.2.2.2 prints strings as JSON.stringify does: well-formed, lone surrogates escaped. */
const quote = (text: string): string => JSON.stringify(text)
