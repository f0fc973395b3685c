/** `npm run bench [-- B1 B3 …]`: every figure of DESIGN §12 that this repository measures, each in a process of its own, one after another. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** What B8 is measured against. `npm run bench:overhead` shows the rest. */
const SENTRY = ['sentry 100 % without Context', 'sentry with inputs and outputs']
/** Bar and the file that measures it. Ratios within one run; times of other machines say nothing. */
const BENCHES: readonly (readonly [bars: string, file: string, ...args: string[]])[] = [
  ['B1', 'engine.ts'],
  ['B1', 'snapshot.ts'],
  ['B3', 'kafka-detect.ts'],
  ['B4', 'otlp.ts'],
  ['B5', 'stored-bytes.ts'],
  ['B6', 'spool.ts'],
  ['B8', 'overhead/main.ts', '--stage', 'v1', ...['ours', ...SENTRY].flatMap((variant) => ['--variant', variant])],
  ['B8', 'scan.ts'],
]
const LINE = /^B\d/

/** Lines that name a bar go to stdout, everything else to stderr. Answers whether the bench ended well and printed a figure. */
async function run(file: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [new URL(file, import.meta.url).pathname, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  })
  let figures = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (LINE.test(line)) figures++
    ;(LINE.test(line) ? process.stdout : process.stderr).write(`${line}\n`)
  }
  const code = child.exitCode ?? (await new Promise<number | null>((resolve) => child.once('close', resolve)))
  return code === 0 && figures > 0
}

const asked = process.argv.slice(2)
const chosen = BENCHES.filter(([bar]) => asked.length === 0 || asked.includes(bar))
if (chosen.length === 0) {
  process.stderr.write(`bench: known are ${BENCHES.map(([bar]) => bar).join(', ')}\n`)
  process.exit(2)
}
let failed = 0
for (const [bar, file, ...args] of chosen) {
  process.stderr.write(`--- ${bar} (${file})\n`)
  if (!(await run(file, args))) {
    failed++
    process.stdout.write(`${bar} FAILED: ${file}\n`)
  }
}
process.exit(failed === 0 ? 0 : 1)
