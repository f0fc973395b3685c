/** One measured process: calls of one stage, load and variant; prints CPU time per call, garbage collection included. */
import { setImmediate } from 'node:timers/promises'
import { type Load, openStage, type Stage } from './stages.ts'
import { instrumentation, type Variant } from './variants.ts'

export interface Asked {
  readonly stage: Stage
  readonly load: Load
  readonly variant: Variant
  readonly url: string
  readonly packages: string
  readonly calls: number
  readonly warmUp: number
}
export interface Measured {
  readonly microsPerCall: number
  /** Records that went out, warm-up included; where it can be known. */
  readonly records: number | undefined
}

/** A loop of microtasks alone would starve the timers that send telemetry. */
const CALLS_PER_TURN = 20

const asked = JSON.parse(process.argv[2]!) as Asked
const around = await instrumentation(asked.variant, asked)
const call = await openStage(asked.stage, asked.load, around)
const run = async (calls: number): Promise<void> => {
  for (let at = 0; at < calls; at++) {
    await call()
    if (at % CALLS_PER_TURN === 0) await setImmediate()
  }
}
await run(asked.warmUp)
await around.finish()
const before = process.cpuUsage()
await run(asked.calls)
const records = await around.finish()
const { user, system } = process.cpuUsage(before)
process.stdout.write(
  `${JSON.stringify({ microsPerCall: (user + system) / asked.calls, records } satisfies Measured)}\n`,
)
process.exit(0)
