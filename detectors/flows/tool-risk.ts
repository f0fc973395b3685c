/** How risky a tool is by the words in its name. */

export const TOOL_RISKS = ['read', 'write', 'destructive', 'exec', 'network', 'unknown'] as const
export type ToolRisk = (typeof TOOL_RISKS)[number]

/**
 * What words in a tool’s name say about its risk, gravest first: `delete_file` is destructive, `run_query` exec. A heuristic for tools
 * the inventory does not name; annotations are the server’s own claim and stand on definitions, not on calls, so they decide nothing.
 */
const WORDS: readonly (readonly [risk: ToolRisk, words: ReadonlySet<string>])[] = [
  ['exec', new Set('exec execute run shell bash sh eval command cmd spawn script sudo terminal python'.split(' '))],
  [
    'destructive',
    new Set('delete remove drop destroy purge truncate kill revoke wipe erase terminate reset'.split(' ')),
  ],
  [
    'write',
    new Set(
      'create update write add set put insert send upload edit move rename post patch append merge publish save commit push assign approve grant'.split(
        ' ',
      ),
    ),
  ],
  ['network', new Set('fetch http https download url request browse crawl webhook scrape proxy'.split(' '))],
  ['read', new Set('get list read search find query show describe count view lookup check inspect echo'.split(' '))],
]
export function riskOfName(tool: string): ToolRisk {
  const tokens = tool
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  for (const [risk, words] of WORDS) if (tokens.some((token) => words.has(token))) return risk
  return 'unknown'
}
