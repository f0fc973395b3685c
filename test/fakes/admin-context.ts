// What routes of the admin address work on, in memory; a test replaces the parts it is about.
import type { AdminContext } from '../../cli/admin/route.ts'
import { memoryEventBus } from '../../connectors/memory/event-bus.ts'
import { memoryEventStore } from '../../connectors/memory/event-store.ts'
import { MemoryFindings } from '../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../connectors/memory/outbox.ts'
import { config } from '../../schemas/config.ts'

export const adminContext = (
  parts: Partial<AdminContext> & Pick<AdminContext, 'dataDir' | 'telemetry'>,
): AdminContext => ({
  settings: config.parse({}),
  store: { ...memoryEventStore(), async mergeDay() {} },
  bus: memoryEventBus(),
  outbox: memoryOutbox(new MemoryFindings()),
  jobs: { list: async () => [], run: () => Promise.reject(new Error('no jobs here')), stop: async () => {} },
  clock: { nowMs: () => Date.now() },
  ...parts,
})
