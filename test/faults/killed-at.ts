// Kill at a named point of the code, under load, and go on: what several rows do with different points and limits.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Failpoint } from '../../connectors/failpoint.ts'
import { proofFaults } from './proof.ts'
import type { RowContext, Verdict } from './row.ts'
import { Service } from './service.ts'
import { openWorld, startUp, type World, type WorldOptions } from './world.ts'

const REACHED_TIMEOUT_MS = 45_000

export interface KilledAtOptions extends WorldOptions {
  /** Passages before the kill: chosen in this range for each life. */
  readonly passages?: readonly [from: number, to: number]
  /** Lives that end at the point. */
  readonly lives?: number
  /** Between a kill and the next life. */
  readonly meanwhile?: (world: World, service: Service) => Promise<void>
}

export async function killedAt(context: RowContext, point: Failpoint, options: KilledAtOptions = {}): Promise<Verdict> {
  const { passages: [from, to] = [1, 8], lives = 2 } = options
  const world = await openWorld(context, options)
  world.load.start()
  for (let life = 0; life < lives; life++) {
    const passage = context.random.between(from, to)
    const service = Service.start(world.up({ env: { MCP_AUDITD_FAILPOINT: `${point}:${passage}` } }))
    context.defer(() => service.running && service.end('SIGKILL'))
    const end = await within(REACHED_TIMEOUT_MS, service.exited)
    if (end === undefined)
      throw new Error(`${point} was not passed ${passage} times in ${REACHED_TIMEOUT_MS} ms:\n${service.log}`)
    if (end !== 'SIGKILL') return { faults: [`the service ended by itself (${end}): ${lastReason(service.log)}`] }
    await options.meanwhile?.(world, service)
  }
  const service = await startUp(context, world.up())
  await world.load.finish()
  const verdict = await world.verdict(
    (sql) => service.ask(sql),
    () => ({ kills: lives, retries: world.load.retries }),
  )
  await service.end('SIGTERM')
  const unproven = await proofFaults(context.dir)
  return { ...verdict, faults: service.blame([...verdict.faults, ...unproven]) }
}

/** Why a role could go on no more, as the service logged it. */
const lastReason = (log: string): string => /"event":"failed","reason":"(.*?)(\\n|")/.exec(log)?.[1] ?? log

/** Undefined when it takes longer. */
export const within = <T>(ms: number, what: Promise<T>): Promise<T | undefined> =>
  Promise.race([what, sleep(ms, undefined, { ref: false })])
