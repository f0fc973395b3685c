// The law of phrases: nothing we ship repeats five words in a row of an attack that no benign text has. Pure functions over sources and rows.
import { type Node, type Source, walk } from './sources.ts'

/** Five words in a row are a quotation; four may be how everybody says it. */
export const RUN_WORDS = 5

/** Words of a text: lower case, compatibility forms folded, apostrophes gone, everything else a border. */
export const wordsOf = (text: string): readonly string[] =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’]/g, '')
    .match(/[\p{L}\p{N}]+/gu) ?? []

export function runsOf(text: string): readonly string[] {
  const words = wordsOf(text)
  return words.length < RUN_WORDS
    ? []
    : Array.from({ length: words.length - RUN_WORDS + 1 }, (_, at) => words.slice(at, at + RUN_WORDS).join(' '))
}

/**
 * Every text that a file holds, in the ways it can be read as words: strings, the fixed parts of templates, sums of strings, lists of
 * strings as one text (so that a phrase is not hidden by writing it word by word; the same is true of a list that is split at its
 * blanks, which is a string), and patterns without their signs.
 */
export function textsOf(source: Source): readonly string[] {
  const texts: string[] = []
  walk(source.body, (node) => {
    if (node.type === 'Literal') {
      if (typeof node['value'] === 'string') texts.push(node['value'])
      const { pattern } = (node['regex'] ?? {}) as { pattern?: string }
      if (pattern !== undefined) texts.push(...patternTexts(pattern))
    } else if (node.type === 'TemplateLiteral') texts.push(...quasisOf(node))
    else if (node.type === 'BinaryExpression' && node['operator'] === '+') texts.push(...sumOf(node))
    else if (node.type === 'ArrayExpression') texts.push((node['elements'] as (Node | null)[]).map(stringOf).join(' '))
  })
  return texts
}

const stringOf = (node: Node | null | undefined): string =>
  node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : '\n'
const quasisOf = (node: Node): readonly string[] =>
  (node['quasis'] as { value: { cooked?: string } }[]).map(({ value }) => value.cooked ?? '')
/** What stands between the strings of a sum is unknown, and ends the run of words. */
function sumOf(node: Node): readonly string[] {
  const parts = (part: Node): readonly string[] =>
    part.type === 'BinaryExpression' && part['operator'] === '+'
      ? [...parts(part['left'] as Node), ...parts(part['right'] as Node)]
      : [stringOf(part)]
  return parts(node).join('').split('\n')
}

const GROUP = /\((?:\?(?:[:=!]|<[=!]|<\w+>))?([^()]*)\)[?*+]?/
/** With the first and with the last choice of every group, and without what is in groups. */
export function patternTexts(pattern: string): readonly string[] {
  const read = (choose: (choices: readonly string[]) => string): string => {
    // A class counts as a border, and so does every escape that stands for characters.
    let text = pattern
      .replace(/\\\\/g, ' ')
      .replace(/\\[pP]\{[^}]*\}|\\u\{[^}]*\}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}/g, ' ')
      .replace(/\\[sSbBdDwWtnrfv0]/g, ' ')
      .replace(/\\(.)/g, '$1')
      .replace(/\[[^\]]*\]/g, ' ')
    for (let group = GROUP.exec(text); group !== null; group = GROUP.exec(text))
      text = text.slice(0, group.index) + choose(group[1]!.split('|')) + text.slice(group.index + group[0].length)
    return text.replace(/\{\d*,?\d*\}/g, ' ').replace(/[?*+^$.]/g, ' ')
  }
  const readings = [read((choices) => choices[0]!), read((choices) => choices.at(-1)!), read(() => ' ')]
  return readings.flatMap((text) => text.split('|'))
}

/** Runs of ours that stand in a malicious text and in no benign one, each with the file that holds it. */
export function quotedPhrases(
  files: readonly { readonly path: string; readonly texts: readonly string[] }[],
  malicious: Iterable<string>,
  benign: Iterable<string>,
): readonly string[] {
  const ours = new Map<string, Set<string>>()
  for (const { path, texts } of files)
    for (const text of texts) for (const run of runsOf(text)) ours.set(run, (ours.get(run) ?? new Set()).add(path))
  const quoted = new Set<string>()
  for (const text of malicious) for (const run of runsOf(text)) if (ours.has(run)) quoted.add(run)
  if (quoted.size > 0) for (const text of benign) for (const run of runsOf(text)) quoted.delete(run)
  return [...quoted].map((run) => `${[...ours.get(run)!].join(', ')}: "${run}" is a phrase of an attack`).sort()
}
