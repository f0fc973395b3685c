// A detect role on Kafka as a process of its own, with rules of the tests that cross servers. Argument: JSON of `WorkerOptions`.
import { setTimeout as sleep } from 'node:timers/promises'
import { startDetectRole } from '../../cli/roles/detect.ts'
import { openKafka } from '../../cli/wire-kafka.ts'
import { silentTelemetry } from '../../cli/wire-store.ts'
import { memoryEventStore } from '../../connectors/memory/event-store.ts'
import type { SignalBus } from '../../schemas/ports.ts'
import { sampleRow } from '../contract/samples.ts'
import { CROSSING_RULES, settingsOf, type WorkerOptions } from './signals-bed.ts'

const options = JSON.parse(process.argv[2]!) as WorkerOptions
const clock = { nowMs: () => Date.now() }
const settings = settingsOf(options)
const plumbing = await openKafka({
  ...{ settings, dataDir: '', keys: [], clock, telemetry: silentTelemetry, encode: sampleRow },
})
const { signals } = plumbing
/** The network is slow: a signal is under way for a while. */
const delayed: SignalBus = {
  publish: async (sent) => {
    await sleep(options.delayMs)
    await signals!.publish(sent)
  },
  consume: (handler) => signals!.consume(handler),
  close: () => signals!.close(),
}
const role = await startDetectRole({
  ...plumbing,
  ...{ signals: delayed, store: memoryEventStore(), rules: CROSSING_RULES, encode: sampleRow, clock },
  telemetry: silentTelemetry,
  limits: { stateRows: 10_000, snapshotEveryMs: 100, snapshotEveryEvents: 1 },
  onFatal: (error) => {
    throw error
  },
})
process.stdout.write('ready\n')
process.once(
  'SIGTERM',
  () =>
    void role
      .stop()
      .then(() => plumbing.close())
      .then(() => process.exit(0)),
)
