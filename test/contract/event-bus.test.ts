/** The event bus contract in memory and on the spool. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryEventBus } from '../../connectors/memory/event-bus.ts'
import { Spool } from '../../connectors/spool/spool.ts'
import { describeEventBus } from './event-bus.ts'
import { recordingTelemetry, sampleRow } from './samples.ts'

describeEventBus('memory', async () => {
  const bus = memoryEventBus()
  return { bus, close: () => bus.close() }
})

describeEventBus('spool', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spool-'))
  const open = () =>
    Spool.open({
      dir,
      telemetry: recordingTelemetry(),
      clock: { nowMs: () => 0 },
      maxBytes: 1_000_000,
      encode: sampleRow,
    })
  const buses = [await open()]
  return {
    bus: buses[0]!,
    reopen: async () => {
      const bus = await open()
      buses.push(bus)
      return bus
    },
    close: async () => {
      for (const bus of buses) await bus.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
})
