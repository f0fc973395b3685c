// Laws about the root documents: what they name exists. Pure functions from a document's text to what is wrong with it.

/** Files that a document links to, relative to the root, without anchors. */
export const localLinks = (text: string): string[] =>
  [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)].map((match) => match[1]!)

/** Names of scripts in `npm run X` and `npm run --silent X`. */
export const npmScripts = (text: string): string[] => [
  ...new Set([...text.matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map((match) => match[1]!)),
]

/** First words of the rows of the table of commands: `up` of "| `up --data DIR` |". */
export const tableCommands = (text: string): string[] =>
  [...section(text, 'Commands').matchAll(/^\| `([a-z]+)[^`]*` \|/gm)].map((match) => match[1]!)

/** Long flags that the table of commands names, by command. */
export function tableFlags(text: string): ReadonlyMap<string, readonly string[]> {
  const rows = [...section(text, 'Commands').matchAll(/^\| `([a-z]+).*$/gm)]
  return new Map(rows.map((row) => [row[1]!, [...row[0].matchAll(/--[a-z-]+/g)].map((flag) => flag[0])]))
}

/** Folders of the tree, from its unindented lines. */
export const treeFolders = (text: string): string[] =>
  [...section(text, 'The tree').matchAll(/^([a-z]+)\/ /gm)].map((match) => match[1]!)

/** The text below a heading of the second level, up to the next one. */
export function section(text: string, heading: string): string {
  const from = text.indexOf(`\n## ${heading}\n`)
  if (from < 0) return ''
  const to = text.indexOf('\n## ', from + 1)
  return text.slice(from, to < 0 ? undefined : to)
}

/** Code blocks that quote a file, as "```ts detectors/a.ts": path and lines without indentation; `…` lines are left out. */
export const quotations = (text: string): { readonly path: string; readonly lines: readonly string[] }[] =>
  [...text.matchAll(/^```ts (\S+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    path: match[1]!,
    lines: match[2]!
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && line !== '…'),
  }))

/** Entries of DECISIONS.md: number and length in lines, the heading included. */
export const decisions = (text: string): { readonly number: number; readonly lines: number; readonly text: string }[] =>
  text
    .split(/^## /m)
    .slice(1)
    .map((entry) => ({ number: Number.parseInt(entry, 10), lines: entry.trim().split('\n').length, text: entry }))
