/** `reveal`: a name is told after it became an event who asked and why; without key, service, reason or second person nothing is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameKeysOf, sealName } from '../../collector/instrument/identity/display-name.ts'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'reveal-'))
const SECRET = 'a-key-of-more-than-thirty-two-characters-for-names'
const ALICE = 'ab'.repeat(16)
const config = join(dataDir, 'auditd.yaml')
let service: Up | undefined
const query = (sql: string) => run(['query', sql, '--data', dataDir, '--format', 'TSV'])
const reveal = (...more: string[]) => run(['reveal', ALICE.slice(0, 12), '--data', dataDir, '--by', 'mallory', ...more])

beforeAll(async () => {
  writeFileSync(config, `displayNames: { key: "file:${join(dataDir, 'key')}", twoPersons: true }\n`)
  writeFileSync(join(dataDir, 'key'), SECRET, { mode: 0o600 })
  service = await up(dataDir, ['--config', config])
  const validated = (principalKey: string, name: string, key: string) =>
    sent({
      eventType: 'auth.token.validated',
      principalKey,
      principalName: sealName(nameKeysOf(key, 'test', 'key'), principalKey, name),
    })
  const events = [
    validated(ALICE, 'alice@corp.example\u001b[2J', SECRET),
    validated('cd'.repeat(16), 'bob', 'another-key-of-more-than-thirty-two-characters'),
  ]
  expect((await post(service.otlpUrl, events)).status).toBe(200)
  while ((await query('SELECT count() FROM principal_names')).stdout.trim() !== '2') await wait(100)
}, 60_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})

it('tells the name to two persons with a reason, and not to one', async () => {
  const alone = await reveal('--reason', 'case 7')
  expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('a second person must agree')])
  for (const approver of ['mallory', ' Mallory ', '  ']) {
    const same = await reveal('--reason', 'case 7', '--approver', approver)
    expect(same.code).not.toBe(0)
    expect(same.stdout).toBe('')
  }
  const told = await reveal('--reason', 'case 7', '--approver', 'carol')
  expect(told.stdout).toMatch(/^alice@corp\.example\\u\{1b\}\[2J {2}\((ab){16}, last seen /)
  const unsaid = await reveal()
  expect([unsaid.code, unsaid.stderr]).toEqual([2, expect.stringContaining('--reason')])
})
it('leaves an event for each time it was asked, also when it told nothing', async () => {
  const unknown = await run([
    'reveal',
    'ef'.repeat(16),
    '--data',
    dataDir,
    '--reason',
    'looking around',
    '--by',
    'mallory',
    '--approver',
    'eve',
  ])
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('no name of it was recorded')])
  const events = `SELECT JSONExtractString(fields, 'actor'), JSONExtractString(fields, 'approver'), JSONExtractString(fields, 'subject'),
    JSONExtractString(fields, 'reason') FROM events_exact WHERE event_type = 'audit.access' AND JSONExtractString(fields, 'operation') = 'reveal'
    ORDER BY event_time`
  let lines: string[] = []
  while (lines.length < 2) lines = (await query(events)).stdout.trim().split('\n')
  expect(lines).toEqual([
    ['mallory', 'carol', ALICE, 'case 7'].join('\t'),
    ['mallory', 'eve', 'ef'.repeat(16), 'looking around'].join('\t'),
  ])
})
it('opens nothing that was sealed with another key, and says so', async () => {
  const bob = ['reveal', 'cd'.repeat(16), '--data', dataDir, '--reason', 'r', '--by', 'a', '--approver', 'b']
  const { code, stdout, stderr } = await run(bob)
  expect([code, stdout]).toEqual([78, ''])
  expect(stderr).toContain('sealed with another key')
})
it('tells nothing where no service runs that could record who asked', async () => {
  const { code, stderr } = await run(['reveal', ALICE, '--data', join(dataDir, 'other'), '--reason', 'r'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('no service runs on it to record who asked')])
})
