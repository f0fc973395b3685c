// `npm run mutate`: drops clauses and moves thresholds of every rule and counts how many of these mutants the rule’s own examples notice.
import { fork } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { parseSource } from '../repo/sources.ts'
import { mutantsOf } from './mutants.ts'
import type { Result, Work } from './worker.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const DETECTORS = join(ROOT, 'detectors')
/** At least this share of mutants must break an example. */
const LEAST = 0.95
/** A mutant that runs for longer is a loop without end: noticed. */
const STALL_MS = 10_000
/** Modules a rule cannot be judged without: the engine and the contract. Their own tests hold them. */
const ENGINE_ROOTS = [
  'engine/engine.ts',
  'rule.ts',
  'sample.ts',
  'sample-registry.ts',
  'content/sample-content.ts',
  'trial.ts',
  'table.ts',
]

/** Modules that only make events for examples, and the examples that found no room in a rule’s file. */
const MADE_OF_EXAMPLES = /(?:^|[\\/])(?:sample(?:-[a-z-]+)?\.ts|examples[\\/][^\\/]+)$/

const { values } = parseArgs({ options: { rule: { type: 'string', multiple: true }, json: { type: 'boolean' } } })

function importsOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const { imports } = parseSource(relative(ROOT, file), readFileSync(file, 'utf8'))
  for (const { path, typeOnly } of imports)
    if (path !== undefined && !typeOnly && path.startsWith('detectors/')) importsOf(join(ROOT, path), seen)
  return seen
}
const engine = new Set(ENGINE_ROOTS.flatMap((name) => [...importsOf(join(DETECTORS, name))]))
const ruleFiles = readdirSync(join(DETECTORS, 'rules'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !MADE_OF_EXAMPLES.test(path))
  .map((path) => join(DETECTORS, 'rules', path))
  .filter((path) => values.rule === undefined || values.rule.some((id) => path.includes(id)))
  .sort()

/** File -> the rules that decide with it. */
const judges = new Map<string, string[]>()
for (const rule of ruleFiles)
  for (const file of importsOf(rule))
    if (!engine.has(file) && !MADE_OF_EXAMPLES.test(file)) judges.set(file, [...(judges.get(file) ?? []), rule])
const anew = [...judges.keys()]

interface Report {
  readonly file: string
  readonly mutants: number
  readonly survivors: readonly string[]
}

/** One child after another until every mutant is judged: a child that stalls is ended, and the mutant it hung on counts as noticed. */
async function judge(file: string, rules: readonly string[]): Promise<Report> {
  const text = readFileSync(file, 'utf8')
  const mutants = mutantsOf(file, text)
  const survivors: string[] = []
  let next = 0
  while (next < mutants.length) {
    const child = fork(join(import.meta.dirname, 'worker.ts'), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const work: Work = { file, rules, anew, from: next }
    await new Promise<void>((done) => {
      let timer = setTimeout(() => child.kill('SIGKILL'), STALL_MS)
      child.on('message', ({ index, alive }: Result) => {
        clearTimeout(timer)
        timer = setTimeout(() => child.kill('SIGKILL'), STALL_MS)
        next = index + 1
        const { start, what } = mutants[index]!
        if (alive) survivors.push(`${relative(ROOT, file)}:${text.slice(0, start).split('\n').length}  ${what}`)
      })
      child.on('close', (code) => {
        clearTimeout(timer)
        if (code !== 0) next++
        done()
      })
      child.send(work)
    })
  }
  return { file, mutants: mutants.length, survivors }
}

const started = performance.now()
const queue = [...judges].sort(([a], [b]) => (a < b ? -1 : 1))
const reports: Report[] = []
async function drain(): Promise<void> {
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) reports.push(await judge(...entry))
}
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, drain))

const total = reports.reduce((sum, { mutants }) => sum + mutants, 0)
const survivors = reports.flatMap((report) => report.survivors).sort()
const share = total === 0 ? 1 : 1 - survivors.length / total
const seconds = Math.round((performance.now() - started) / 1_000)
if (values.json) process.stdout.write(`${JSON.stringify({ total, survivors, share, seconds })}\n`)
else {
  for (const line of survivors) process.stdout.write(`lives  ${line}\n`)
  process.stdout.write(
    `${total} mutants of ${ruleFiles.length} rules in ${reports.length} files, ${survivors.length} live, ${(100 * share).toFixed(1)} % break an example (at least ${100 * LEAST} %), ${seconds} s\n`,
  )
}
process.exit(share >= LEAST ? 0 : 1)
