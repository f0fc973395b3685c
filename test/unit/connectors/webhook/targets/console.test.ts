/** The console text, exactly. */
import { expect, it } from 'vitest'
import { alertText, consoleTarget } from '../../../../../connectors/webhook/targets/console.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'

it('an alert reads: who, when, seen and expected, evidence, next steps, query', () => {
  expect(alertText(sampleAlert())).toBe(`CRITICAL  Token audience mismatch: alice on files
  why        The server allowed it.
  principal  alice
  client     ide
  server     files
  tool       read_file
  decision   allow
  entity     server=files principal=alice
  tenant     default
  when       2 times, first 2026-10-01T10:05:00Z, last 2026-10-01T10:06:00Z
  saw        https://graph.microsoft.com
  expected   https://mcp.example.com
  evidence
    issuer: https://login.example.com
    scopes: read, write
    attempts: 2
  events     0192f0c1-0000-7000-8000-000000000001
  next steps
    1. Who issued the token, and for which service?
    2. Did the server act on it?
  cannot see
    - An opaque token shows no audience.
  query
    SELECT event_time, tool_name
    FROM events WHERE principal_key = 'alice' AND server_id = 'files'
  rule       tok-001-audience-mismatch v1 (observed)
  refs       MCP07:2025, T1550.001
  alert      a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 revision 1`)
})
it('hostile text adds no line and no control character', () => {
  const plain = alertText(sampleAlert({ saw: 'x', title: 'x', toolName: 'x' })).split('\n')
  const shown = alertText(sampleAlert({ saw: HOSTILE, title: HOSTILE, toolName: HOSTILE })).split('\n')
  expect(shown).toHaveLength(plain.length)
  expect(shown.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(shown.filter((line) => line.startsWith('  saw'))).toHaveLength(1)
})
it('is written to the console and not posted', () => {
  const request = consoleTarget('console').request(sampleDelivery('console'), 0)
  expect(request.url).toBe('console:')
  expect(request.body.endsWith('revision 1\n')).toBe(true)
})
