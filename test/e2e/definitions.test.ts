/** `definitions`: what servers have shown, what differs, and decisions of people that reach the rules of the running service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { versionsOf } from '../../cli/definitions/versions.ts'
import { askStore } from '../../cli/store-question.ts'
import { definitionsOf, type Listed } from '../../collector/instrument/registry/definitions.ts'
import { TOOLS } from '../../collector/instrument/registry/registry-kinds.ts'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'definitions-'))
const tool = (description: string, path: object): Listed => ({
  name: 'read_file',
  description,
  inputSchema: { type: 'object', properties: { path }, required: ['path'] },
})
const first = definitionsOf(TOOLS, [
  tool('Reads a file.', { type: 'string', enum: ['a', 'b'] }),
  { name: '\u001b[2Jx' },
])
const second = definitionsOf(TOOLS, [tool('Reads one file.', { type: 'string' })])
const [old, now] = [first, second].map(({ hashes }) => hashes.get('read_file')!) as [string, string]
const registry = ({ definitions, listHash }: typeof first, eventTime: string) =>
  sent({
    eventType: 'tools.registry',
    serverId: 'files',
    era: 'legacy',
    registrySource: 'list',
    definitions,
    listHash,
    eventTime,
  })

const KEY = 'a-secret-of-32-characters-at-least'
const SIGNED = { authorization: `Bearer ${KEY}-of-a-server` }
const config = join(dataDir, 'config.yaml')
const credentials = `credentials:
  - { keyId: ann, secret: "env:ANN", tenant: acme, servers: [files], role: operator }
  - { keyId: files, secret: "env:FILES", tenant: acme, servers: [files] }
`

let service: Up | undefined
beforeAll(async () => {
  writeFileSync(config, credentials)
  service = await up(dataDir, ['--config', config], { ANN: KEY, FILES: `${KEY}-of-a-server` })
  const [before, after] = [new Date(Date.now() - 60_000).toISOString(), new Date().toISOString()]
  expect((await post(service.otlpUrl, [registry(first, before), registry(second, after)], SIGNED)).status).toBe(200)
  await answered("SELECT count() FROM events WHERE event_type = 'tools.registry'", '2\n')
})
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
const definitions = (...args: string[]) => run(['definitions', ...args, '--data', dataDir])
const telling = (...args: string[]) =>
  run(['definitions', ...args, '--data', dataDir, '--url', service!.otlpUrl, '--by', 'ann', '--token', 'env:ANN'], {
    ANN: KEY,
  })
async function answered(sql: string, expected: string): Promise<void> {
  const deadlineMs = Date.now() + 30_000
  let answer = await askStore(sql, dataDir, 'TSV')
  while (answer !== expected && Date.now() < deadlineMs) {
    await wait(100)
    answer = await askStore(sql, dataDir, 'TSV')
  }
  expect(answer).toBe(expected)
}
/** Asked without a process of its own, because it is asked often. */
const stateOf = async (hash: string) =>
  (await versionsOf({ tool: 'read_file' }, dataDir, Date.now())).find((version) => version.hash === hash)?.approval

describe('definitions list and diff', () => {
  it('lists each version, which of them is in force, and that nobody decided', async () => {
    const { stdout: json } = await definitions('list', '--tool', 'read_file', '--format', 'json')
    expect(JSON.parse(json)).toMatchObject([
      { hash: old, inForce: false, approval: 'none' },
      { hash: now, inForce: true, approval: 'none' },
    ])
    const { code, stdout } = await definitions('list', '--server', 'files')
    expect(code).toBe(0)
    expect(stdout).toContain(`* read_file ${now.slice(0, 12)}  nobody decided`)
    // The name of a tool is hostile text.
    expect(stdout).toContain('\\u{1b}[2Jx')
    expect(stdout).not.toContain('\u001b')
  })
  it('tells what differs and how grave that is, of the last change, of hashes and of times', async () => {
    const last = await definitions('diff', 'files', 'read_file')
    expect(last.stdout.split('\n')).toEqual([
      `read_file of files: ${old.slice(0, 12)} -> ${now.slice(0, 12)}`,
      'widened, medium: path is free and was a choice',
      '  parts description, input',
      '  words changed',
      '  - inputShape !path string enum=2',
      '  + inputShape !path string role=path',
      '',
    ])
    const [back, sinceThen] = await Promise.all([
      definitions('diff', 'files', 'read_file', now.slice(0, 12), old.slice(0, 12), '--format', 'json'),
      definitions('diff', 'files', 'read_file', new Date(Date.now() - 30_000).toISOString()),
    ])
    expect(JSON.parse(back.stdout)).toMatchObject({ before: now, after: old, grade: 'compatible', severity: 'low' })
    expect(sinceThen.stdout).toBe(last.stdout)
  })
  it('refuses with exit 2 what it cannot mean', async () => {
    const refused = [
      [['diff', 'files', 'write_file'], 'told of such a tool'],
      [['revoke', 'files', 'read_file'], 'name a version'],
      [['approve', 'files', 'read_file', '0'.repeat(64), '--expires', '2020-01-01'], 'time to come'],
    ] as const
    const ended = await Promise.all(refused.map(([args]) => definitions(...args)))
    expect(ended).toEqual(refused.map(([, why]) => ({ code: 2, stdout: '', stderr: expect.stringContaining(why) })))
  })
})

describe('definitions approve and revoke', () => {
  it('reach the rules: a call of another version is then a finding, and an end of the approval ends it', async () => {
    const { code, stdout } = await telling('approve', 'files', 'read_file', old.slice(0, 10), '--expires', '30d')
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^approved read_file [0-9a-f]{12} of files by ann until /),
    ])
    const call = sent({ serverId: 'files', toolName: 'read_file', definitionHash: now })
    expect((await post(service!.otlpUrl, [call], SIGNED)).status).toBe(200)
    await answered(
      "SELECT rule, severity FROM findings WHERE rule LIKE 'tdf-010%'",
      'tdf-010-unapproved-definition-called\thigh\n',
    )
    await expect.poll(() => stateOf(old), { timeout: 30_000 }).toBe('approved')
    expect(await stateOf(now)).toBe('none')

    expect((await telling('revoke', 'files', 'read_file', old)).code).toBe(0)
    await expect.poll(() => stateOf(old), { timeout: 30_000 }).toBe('revoked')
    expect((await telling('approve', 'files', 'read_file', now)).code).toBe(0)
    await expect.poll(() => stateOf(now), { timeout: 30_000 }).toBe('approved')
    expect((await telling('revoke', 'files', 'read_file', '--all')).stdout).toBe(
      'revoked every approval of read_file of files by ann\n',
    )
    await expect.poll(() => stateOf(now), { timeout: 30_000 }).toBe('revoked')
  }, 60_000)
  it('takes the hash of a version that is still to be deployed, from who may speak for the server', async () => {
    const hash = 'c'.repeat(64)
    const [known, unsigned, stranger, away] = await Promise.all([
      telling('approve', 'files', 'read_file', hash),
      definitions('approve', 'files', 'read_file', hash, '--url', service!.otlpUrl),
      telling('approve', 'mail', 'read_file', hash),
      definitions('approve', 'files', 'read_file', hash, '--url', 'http://127.0.0.1:9'),
    ])
    expect(known).toMatchObject({ code: 0, stderr: '' })
    expect([unsigned.code, unsigned.stderr]).toEqual([1, expect.stringContaining('refused with 401')])
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('may not speak for this server')])
    expect([away.code, away.stderr]).toEqual([1, expect.stringContaining('does not answer')])
  })
})
