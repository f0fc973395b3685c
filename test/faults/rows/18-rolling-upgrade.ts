// Delivery model 18: during an upgrade a zombie of the version before writes the last snapshot. The state of the new rule survives.
import type { Plumbing } from '../../../cli/plumbing.ts'
import type { DetectRole } from '../../../cli/roles/detect.ts'
import { createSignalsEngine, createSourceEngine } from '../../../detectors/engine/engine.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { sampleSignal } from '../../contract/signal-bus.ts'
import { found, inside, loaded, refused, source, spread } from '../../unit/detectors/crossing-rules.ts'
import type { Row } from '../row.ts'
import { holdsFinally, openPlumbing, own, prefixOf, story } from '../signals-bed.ts'

const OLD = loaded(spread)
const NEW = loaded(spread, refused, inside)

const row: Row = {
  number: 18,
  title: 'rolling upgrade, a zombie of the version before writes the last snapshot',
  buses: ['kafka'],
  seeds: { ci: { kafka: 1 }, full: { kafka: 2 } },
  sabotages: ['any-rule-set'],
  async run(context) {
    const options = { brokers: (await context.broker(1)).brokers, prefix: prefixOf(), partitions: 1 }
    const events = story(context.random, 24)
    // The last refusal of each person comes after the upgrade: the new rule must remember the others.
    const after = events.filter(({ principalKey }, i) => events[i + 1]?.principalKey !== principalKey)
    const before = events.filter((event) => !after.includes(event))
    // The tenure of the zombie began before, so it deletes nothing of its successors.
    const zombie = await openPlumbing(context, options)
    const logs = await restoredLogs(zombie)
    const first = await openPlumbing(context, options)
    const owner = await own(context, first, NEW)
    await first.bus.publish(before)
    const detected = await holdsFinally(() => isTaken(first, owner.role))
    await owner.role.stop()
    await writeSnapshots(zombie, logs)
    const second = await openPlumbing(context, options)
    const successor = await own(context, second, NEW)
    await second.bus.publish(after)
    const expected = findingsOf(found(NEW, source(NEW, events).signals))
    const seen = () => findingsOf([...successor.store.findings.values()])
    await holdsFinally(() => seen() === expected)
    return {
      faults: [
        ...(detected && expected > 0 ? [] : ['the case was not made']),
        ...(seen() === expected ? [] : [`the new rule found ${seen()} of ${expected}: its state is gone`]),
      ],
    }
  },
}
export default row

const findingsOf = (findings: readonly Finding[]): number => findings.filter(({ rule }) => rule === refused.id).length

async function isTaken({ end, signalsEnd }: Plumbing, role: DetectRole): Promise<boolean> {
  const [[events], [signals]] = [await end(), await signalsEnd!()]
  const [at, keys] = [role.progress()[0], role.signalsProgress()[0]]
  return signals!.next > 0 && at?.next === events!.next && keys?.next === signals!.next
}

/** Ids of the logs of events and signals, once their partition was taken over. */
async function restoredLogs({ bus, signals, state }: Plumbing): Promise<readonly [events: string, signals: string]> {
  const logs: string[] = []
  const handler = {
    assigned: async (log: string) => {
      logs.push(log)
      await state.restore(log, 0)
      return undefined
    },
    batch: async () => {},
    revoked: async () => {},
  }
  for (const log of [bus, signals!]) await (await log.consume(handler)).close()
  return logs as [string, string]
}

/** A stopped owner with the rules of before goes on: it has read further than its successor, and its snapshots are whole and the highest. */
async function writeSnapshots(
  { bus, signals, state, end, signalsEnd }: Plumbing,
  logs: readonly [events: string, signals: string],
): Promise<void> {
  await bus.publish([sampleEvent({ serverId: 'other', principalKey: '', clientKey: '' })])
  await signals!.publish([sampleSignal(0, { log: logs[0], ordinal: 0 })])
  const engines = [createSourceEngine(OLD, { stateRows: 100 }), createSignalsEngine(OLD, { stateRows: 100 })]
  const ends = [await end(), await signalsEnd!()]
  for (const [at, log] of logs.entries()) {
    const { next } = ends[at]![0]!
    const chunks = engines[at]!.snapshot()
    const snapshot = { log, partition: 0, next, ruleSetHash: OLD.hash, watermarkMs: 0, chunks }
    await state.commit({ log, partition: 0, next, findings: [], snapshot })
  }
}
