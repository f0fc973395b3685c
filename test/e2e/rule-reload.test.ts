/** Rules are taken over while the service runs: off, watching, known findings, rules of one's own; what is wrong changes nothing. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'reload-'))
const config = join(dataDir, 'auditd.yaml')
const folder = join(dataDir, 'own')
const BASE = `limits: { coverageEveryMs: 100, snapshotEveryMs: 400, reloadEveryMs: 100 }\nrulesFolder: ${folder}\n`
let service: Up
let changes = 0
beforeAll(async () => {
  mkdirSync(folder)
  writeFileSync(config, BASE)
  service = await up(dataDir, ['--config', config])
}, 60_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
/** Over the admin address: a process for each question would take most of the time. */
async function query(sql: string): Promise<string> {
  const { url, token } = JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as Record<string, string>
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/v1/query`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ sql, format: 'TSV' }),
  })
  expect(answer.status).toBe(200)
  return (await answer.text()).trim()
}
const told = (event: string) => service.log.filter((line) => line['event'] === event)
/** Write, and wait until the service has said what it made of it. */
async function change(text: string, says: 'rules_changed' | 'rules_refused'): Promise<string> {
  const before = told(says).length
  // Of a second try the text is the same: the service looks at what changed.
  writeFileSync(config, `${BASE}${text}# ${++changes}\n`)
  while (told(says).length === before) await wait(50)
  return String(told(says).at(-1)!['reason'] ?? '')
}
async function findings(principal: string, events = [wrongAudience(principal)]): Promise<string> {
  expect((await post(service.otlpUrl, events)).status).toBe(200)
  const last = events.at(-1)!.eventId
  while ((await query(`SELECT count() FROM events WHERE event_id = '${last}'`)) !== '1') await wait(50)
  await wait(300)
  return query(
    `SELECT rule, disposition, disposition_reason FROM findings WHERE rule LIKE 'tok-001%' AND principal_key = '${principal}' ORDER BY rule`,
  )
}
const alerts = (principal: string) =>
  query(`SELECT count() FROM alerts WHERE principal_key = '${principal}' AND rule LIKE 'tok-001%'`)

it('on, it alerts', async () => {
  expect(await findings('a1')).toBe('tok-001-audience-mismatch\talert')
  while ((await alerts('a1')) !== '1') await wait(50)
})
it('watching, its findings are stored and alert nobody', async () => {
  await change('ruleModes: { "tok-001*": shadow }\n', 'rules_changed')
  expect(await findings('a2')).toBe('tok-001-audience-mismatch\tshadow\tthe rule only watches')
  expect(await alerts('a2')).toBe('0')
})
it('off, it finds nothing, and coverage says that it is off', async () => {
  await change('ruleModes: { tok-001-audience-mismatch: off }\n', 'rules_changed')
  expect(await findings('a3')).toBe('')
  const asked = ['coverage', '--data', dataDir, '--rule', 'tok-001-audience-mismatch', '--format', 'json']
  let states = ''
  while (!states.includes('not_applicable')) states = (await run(asked)).stdout
  expect(states).toContain('switched off in the configuration')
})
it.each([
  ['a rule that is not there', 'ruleModes: { tok-991: off }\n', 'ruleModes.tok-991: fits no rule'],
  ['a wrong option', 'rules: { tok-001-audience-mismatch: { audience: 1 } }\n', 'audience: no such option'],
  ['no YAML', 'rules: [\n', 'not readable as YAML'],
  ['a suppression that nobody answers for', 'suppressions: [{ rule: "tok-*", expires: 2999-01-01 }]\n', 'owner'],
])('%s changes nothing', async (_, text, reason) => {
  expect(await change(text, 'rules_refused')).toContain(reason)
  expect(service.child.exitCode).toBeNull()
  expect(await findings('a4')).toBe('')
})
it('a finding that somebody answers for stays silent until its day, a critical one never', async () => {
  const known = (expires: string) =>
    `suppressions: [{ rule: tok-001-audience-mismatch, server: hr, owner: alice, reason: migration, expires: ${expires} }]\n`
  const refused = (principal: string) => [{ ...wrongAudience(principal), decision: 'deny' as const }]
  await change(known('2999-01-01'), 'rules_changed')
  expect(await findings('a5', refused('a5'))).toBe(
    'tok-001-audience-mismatch\tsuppressed\talice: migration, until 2999-01-01',
  )
  expect(await findings('a6', [{ ...wrongAudience('a6'), decision: 'allow' as const }])).toBe(
    'tok-001-audience-mismatch\talert',
  )
  await change(known('2020-01-01'), 'rules_changed')
  expect(await findings('a7', refused('a7'))).toBe('tok-001-audience-mismatch\talert')
})
it('a rule of one’s own counts from the moment it lies there, and again when it was changed', async () => {
  const rule = (least: number) => `
import { defineRule, hours } from 'mcp-auditd/rule'
import { example, sample } from 'mcp-auditd/sample'
import { z } from 'zod'
const calls = (n: number) => Array.from({ length: n }, (_, at) => sample('tool.call', { tool: at % 2 ? 'a' : 'b', principal: 'alice' }))
export default defineRule({
  id: 'our-001-many-calls', version: 1, title: 'Many calls', severity: 'low', why: 'It shows that rules are taken over.',
  falsePositives: ['x'], blindSpots: ['x'], triage: ['x'], refs: ['x'],
  requires: { 'tool.call': ['tool', 'principal'] }, config: z.object({}), per: 'caller', ttl: hours(1),
  count: () => ({ atLeast: ${least}, within: hours(1), found: (_, n) => ({ saw: \`\${n} calls\` }) }),
  examples: { match: [example('many', ...calls(${least}))], noMatch: [example('few', ...calls(1))] },
})
`
  const saw = () => query(`SELECT saw FROM findings WHERE rule = 'our-001-many-calls' ORDER BY saw`)
  const call = async () => {
    const event = sent({ principalKey: 'b1', toolName: 'a' })
    expect((await post(service.otlpUrl, [event])).status).toBe(200)
    while ((await query(`SELECT count() FROM events WHERE event_id = '${event.eventId}'`)) !== '1') await wait(50)
  }
  const put = async (text: string) => {
    const before = told('rules_changed').length
    writeFileSync(join(folder, 'our-001-many-calls.ts'), text)
    while (told('rules_changed').length === before) await wait(50)
  }
  await put(rule(3))
  await call()
  await call()
  await call()
  while ((await saw()) !== '3 calls') await wait(50)
  await put(rule(2))
  await call()
  await call()
  while ((await saw()) !== '2 calls\n3 calls') await wait(50)
})
it('every change is an audit event, and says whether less is seen than before', async () => {
  const events = `SELECT JSONExtractBool(fields, 'weakened') FROM events WHERE event_type = 'auditd.config.changed' ORDER BY event_time`
  let answer = ''
  while (answer.split('\n').length < told('rules_changed').length) answer = await query(events)
  expect(answer.split('\n').slice(0, 2)).toEqual(['1', '0'])
})
