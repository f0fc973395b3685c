/** Tools that keep what they are given for later: what is written into them is read as the model's own memory. */

const MEMORY: readonly string[] = ['memory', 'memories', 'memorize', 'remember', 'memorise']
/** Orders that name a deed, a secret, a tool or a recipient; text that hides, or leads data away. */
const POISONS: ReadonlySet<string> = new Set([
  'injection.secret_path',
  'injection.recipient',
  'injection.cross_tool',
  'injection.command',
  'injection.parameter_smuggle',
  'injection.conceal',
  'injection.override',
  'injection.consent',
  'injection.prompt_leak',
  'injection.guardrail',
])
/** Judged by inj-008 in a memory: whatever the model then does, it does in the name of every later user. */
export const isDeed = (findingClass: string): boolean =>
  POISONS.has(findingClass) || findingClass.startsWith('exfiltration.')
export const isPoison = (findingClass: string): boolean =>
  isDeed(findingClass) || findingClass.startsWith('unicode.') || findingClass.startsWith('homoglyph.')
/** How people ask for a manner of answering: `always in metric units`. In a memory that is what it is for. */
const MANNERS: ReadonlySet<string> = new Set(['injection.memory', 'injection.answer', 'injection.persona'])
export const isManner = (findingClass: string): boolean => MANNERS.has(findingClass)

const NAME_CHARS = 128
const READS: readonly string[] = [
  'get',
  'read',
  'search',
  'list',
  'recall',
  'query',
  'find',
  'delete',
  'forget',
  'clear',
  'open',
]

interface Tagged {
  readonly tool: string
  tagsOf(kind: 'tools', name: string): readonly string[]
}
/** By its tag, or by a name that says so and does not read. */
export function isMemory(e: Tagged): boolean {
  if (e.tagsOf('tools', e.tool).includes('persistent_memory')) return true
  const name = e.tool.slice(0, NAME_CHARS).toLowerCase()
  return MEMORY.some((word) => name.includes(word)) && !READS.some((word) => name.includes(word))
}
