// `npm run verify:edits`: random edits of a proven store; every one must be found and named. Arguments: edits [seed].
import { exported } from './held-proof.ts'
import { runRealEdits } from './real-edits.ts'
import { type EditRun, runEdits, withTail } from './run-edits.ts'
import { openSmall, smallStore, sourceOf } from './small-store.ts'

process.env['UV_THREADPOOL_SIZE'] ??= '16'
const count = Number(process.argv[2] ?? 1_000)
const seed = Number(process.argv[3] ?? 1)
/** Of the edits, so many go through the engine itself. */
const REAL_SHARE = 0.1

const small = await smallStore()
const store = await openSmall(small.dir)
const held = await exported((sql) => store.query(sql, { format: 'JSONCompactEachRow' }), sourceOf(store, small.dir))
await store.close()
const real = Math.round(count * REAL_SHARE)
const runs: (readonly [name: string, run: EditRun])[] = [
  ['rows and proof as exported', await runEdits(held, Math.ceil((count - real) / 2), seed)],
  [
    'the same with rows that no manifest holds yet',
    await runEdits(withTail(held), Math.floor((count - real) / 2), seed + 1),
  ],
  ['through the engine', await runRealEdits(small.dir, real, seed)],
]
small.close()
let missed = 0
for (const [name, run] of runs) {
  process.stdout.write(`${name}: ${run.made} edits, ${run.found} found and named right\n`)
  for (const [kind, times] of [...run.kinds].sort()) process.stdout.write(`  ${String(times).padStart(4)} ${kind}\n`)
  for (const line of run.missed) process.stdout.write(`  MISSED ${line}\n`)
  missed += run.missed.length
}
process.stdout.write(`${count} edits, ${count - missed} found\n`)
process.exitCode = missed === 0 ? 0 : 1
