/** Evidence from end to end: an alert about a tool, the collector asks in its answers, the producer keeps redacted texts of that tool alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { z } from 'zod'
import { createSink, instrumentMcpServer, OtlpAuditExporter } from '../../collector/instrument/index.ts'
import { githubToken } from '../fakes/secrets.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'

let folder: string
let service: Up
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-'))
})
afterEach(async () => {
  if (service.child.exitCode === null) service.child.kill('SIGKILL')
  await service.ended
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

const SECRET = githubToken('evidence')
const QUESTION = `where is the order of bob@example.com, my key is ${SECRET}`
const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** A server that lets everybody in although it says that it asks for a token: that is the alert. `evidenceMs`: what its author agreed to. */
function careless(url: string, serverId: string, evidenceMs: number) {
  const sink = createSink(new OtlpAuditExporter({ url }), { delayMs: 5 })
  const options = { sink, serverId, authRequired: true, evidenceMs, keys: 'ab'.repeat(32) }
  const handler = createMcpHandler(
    instrumentMcpServer(() => {
      const server = new McpServer({ name: serverId, version: '1' })
      const answer = ({ question }: { question: string }) => ({
        content: [{ type: 'text' as const, text: `asked: ${question}` }],
      })
      for (const name of ['search', 'status'])
        server.registerTool(name, { inputSchema: z.object({ question: z.string() }) }, answer)
      return server
    }, options),
  )
  return {
    async call(name: string): Promise<void> {
      const params = { name, arguments: { question: QUESTION } }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
      const answer = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
      expect(await answer.text()).toContain('asked: where is')
      expect(await sink.flush()).toBe(true)
    },
    end: () => sink.shutdown(),
  }
}
async function rows(sql: string): Promise<string[][]> {
  const { stdout, stderr } = await run(['query', sql, '--data', join(folder, 'data'), '--format', 'JSONCompactEachRow'])
  if (stderr !== '') throw new Error(stderr)
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as string[]]))
}

it('an alert about a tool brings the redacted texts of its next calls, where the author agreed', async () => {
  const config = join(folder, 'evidence.yaml')
  writeFileSync(config, 'evidence: { lastingMs: 600000 }\ntargets: {}\n')
  service = await up(join(folder, 'data'), ['--config', config])
  const willing = careless(service.otlpUrl, 'willing', 3_600_000)
  const unwilling = careless(service.otlpUrl, 'unwilling', 0)
  await willing.call('search')
  await unwilling.call('search')
  const alerts = "SELECT server_id, tool_name FROM alerts WHERE rule = 'tok-011-unverified-request' ORDER BY 1"
  await expect
    .poll(() => rows(alerts), { timeout: 20_000, interval: 200 })
    .toEqual([
      ['unwilling', 'search'],
      ['willing', 'search'],
    ])
  // The request of evidence comes with the answer to whatever is sent next; from then on texts are kept.
  for (let call = 0; call < 2; call++) await Promise.all([willing.call('search'), unwilling.call('search')])
  await willing.call('status')
  await Promise.all([willing.end(), unwilling.end()])

  const told = `SELECT server_id, tool_name, event_type, fields::String FROM events_exact WHERE event_type LIKE 'tool.%'
    ORDER BY server_id, event_time`
  await expect.poll(async () => (await rows(told)).length, { timeout: 20_000, interval: 200 }).toBe(14)
  const all = await rows(told)
  const withText = all.filter(([, , , fields]) => fields!.includes('where is the order'))
  expect(new Set(withText.map(([server, tool]) => `${server} ${tool}`))).toEqual(new Set(['willing search']))
  // The last call of it at the latest; the first one, before the alert, never.
  expect(
    withText
      .map(([, , type]) => type)
      .slice(-2)
      .sort(),
  ).toEqual(['tool.call', 'tool.result'])
  expect(withText.length).toBeLessThan(6)
  expect(JSON.stringify(all)).not.toContain(SECRET)
  expect(JSON.stringify(all)).not.toContain('bob@example.com')
  expect((await stop(service)).code).toBe(0)
})
