/** What a snapshot of the engine costs at 100,000 and 1,000,000 sessions: time that blocks, bytes, and the time to restore. */
import { createEngine } from '../../detectors/engine/engine.ts'
import { loadRules } from '../../detectors/load.ts'
import { parseEvent } from '../../schemas/event.ts'

const STATE_ROWS = 1_000_000
const START_MS = Date.UTC(2026, 10, 24)
const MEGABYTE = 1_048_576
const rules = await loadRules()

const timed = <T>(work: () => T): { readonly ms: number; readonly value: T } => {
  const from = performance.now()
  const value = work()
  return { ms: performance.now() - from, value }
}
const hex = (n: number): string => n.toString(16).padStart(32, '0')
/** One call in each session, by one of 50,000 people on one of 20 servers. */
function callIn(session: number) {
  const parsed = parseEvent({
    eventType: 'tool.call',
    eventId: hex(session + 1),
    eventTime: new Date(START_MS + session).toISOString(),
    serverId: `mcp-${session % 20}.example.com`,
    tenant: 'default',
    principalKey: hex(session % 50_000),
    clientKey: 'https://client.example/metadata.json',
    sessionFp: hex(session + 7_000_000),
    toolName: 'read_file',
    decision: 'allow',
    vantage: 'server',
    source: 'native',
  })
  if ('fault' in parsed) throw new Error(`${parsed.fault.field}: ${parsed.fault.reason}`)
  return parsed.event
}

for (const sessions of [100_000, 1_000_000]) {
  const engine = createEngine(rules, { stateRows: STATE_ROWS })
  for (let session = 0; session < sessions; session++) engine.apply(callIn(session))
  const rows = engine.counters().rows['session']
  if (rows !== sessions) throw new Error(`${rows} rows instead of ${sessions}`)
  const saved = timed(() => engine.snapshot())
  const bytes = [...saved.value.values()].reduce((sum, chunk) => sum + chunk.length, 0)
  const next = createEngine(rules, { stateRows: STATE_ROWS })
  const restored = timed(() => next.restore(saved.value))
  if (next.counters().rows['session'] !== sessions) throw new Error('restored something else')
  console.log(
    `B1 snapshot of ${sessions} sessions: ${saved.ms.toFixed(0)} ms, ${(bytes / MEGABYTE).toFixed(1)} MB in ${saved.value.size} chunks (${(bytes / sessions).toFixed(0)} bytes a session); restore ${restored.ms.toFixed(0)} ms`,
  )
}
