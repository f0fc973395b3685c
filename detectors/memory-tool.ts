/** Tools that keep what they are given for later: what is written into them is read as the model's own memory. */

const MEMORY: readonly string[] = ['memory', 'memories', 'memorize', 'remember', 'memorise']
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
  const name = e.tool.slice(0, 128).toLowerCase()
  return MEMORY.some((word) => name.includes(word)) && !READS.some((word) => name.includes(word))
}
