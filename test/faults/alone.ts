// One row in a process of its own: the embedded engine takes one folder per process. Arguments: number, seed, variant, folder.
import { loadRows } from './load.ts'
import { Random } from './random.ts'
import type { Verdict } from './row.ts'

const [number, seed, variant, dir] = process.argv.slice(2) as [string, string, string, string]
const row = (await loadRows()).find((one) => one.number === Number(number))!
const closers: (() => unknown)[] = []
const verdict = await row
  .run({
    bus: 'embedded',
    seed: Number(seed),
    variant,
    random: new Random(Number(seed) * 1000 + row.number),
    dir,
    broker: () => Promise.reject(new Error('rows that run alone have no broker')),
    defer: (close) => void closers.unshift(close),
  })
  .catch((error: Error): Verdict => ({ faults: [`ended early: ${error.stack ?? error.message}`] }))
for (const close of closers) await Promise.resolve(close()).catch(() => {})
// Services that were "killed" in this process have left timers behind.
process.stdout.write(`${JSON.stringify(verdict)}\n`, () => process.exit(0))
