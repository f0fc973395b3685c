/** What the real rules can see in telemetry of others: blind is said as blind, and never looks like checked. */
import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { readSpans } from '../../../../collector/normalize.ts'
import { decodeTracesJson } from '../../../../collector/otlp/decode-json.ts'
import { createEngine } from '../../../../detectors/engine/engine.ts'
import { type LoadedRules, loadRules } from '../../../../detectors/load.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { admitted, eventsOf, lines, withKeys } from './recordings.ts'

let rules: LoadedRules
beforeAll(async () => {
  rules = await loadRules()
})
function statesOf(events: readonly AuditEvent[]): ReadonlyMap<string, string> {
  const engine = createEngine(rules, { stateRows: 1_000 })
  for (const [offset, event] of events.entries())
    engine.apply(event, { log: '0'.repeat(32), partition: 0, offset, index: 0 })
  return new Map(engine.coverage().map(({ rule, state }) => [rule, state]))
}
const spans = (file: string) =>
  admitted(
    readSpans(
      decodeTracesJson(readFileSync(new URL(`../../../fixtures/other-instrumentations/${file}`, import.meta.url))),
      withKeys,
    ).candidates,
  )

it('the Python SDK has no sessions: rules about them are blind; FastMCP’s are seen, without a person', () => {
  expect(statesOf(spans('mcp-python-sdk-2025.json')).get('ses-001-session-reuse')).toBe('NOT_OBSERVABLE')
  expect(statesOf(spans('fastmcp-static-2025.json')).get('ses-001-session-reuse')).toBe('DEGRADED')
})

it('tokens and definitions are seen in nobody’s telemetry but ours, whatever way it came', () => {
  const seen = [
    spans('fastmcp-jwt-2026.json'),
    eventsOf('toolhive', lines('toolhive-audit.jsonl')),
    eventsOf('agentgateway', lines('agentgateway-request-log.jsonl')),
  ]
  for (const events of seen)
    for (const rule of ['tok-001-audience-mismatch', 'tdf-001-definition-changed'])
      expect(statesOf(events).get(rule)).toBe('NOT_OBSERVABLE')
})
