/** The command line as people and scripts meet it: exit codes 0, 1, 2 and 78, answers on stdout alone, reasons on stderr. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { EVENT_TYPES } from '../../../../schemas/event.ts'
import { run } from '../command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'commands-'))
afterAll(() => rmSync(folder, { recursive: true }))
const free = { MCP_AUDITD_OTLP: '127.0.0.1:0', MCP_AUDITD_ADMIN: '127.0.0.1:0' }

describe('usage', () => {
  it('is told with exit 0 when asked for, and with 2 when it was missed', async () => {
    const [help, none, unknown] = await Promise.all([run(['--help']), run([]), run(['nothing'])])
    expect(help.code).toBe(0)
    for (const name of ['up', 'demo', 'replay', 'query', 'rules', 'schemas', 'doctor'])
      expect(help.stdout).toContain(name)
    expect([none.code, unknown.code]).toEqual([2, 2])
    expect(unknown.stderr).toContain("unknown command 'nothing'")
    expect(unknown.stdout).toBe('')
  })
  it.each([
    ['an argument is missing', ['query']],
    ['an option is missing', ['query', 'SELECT 1']],
    ['an option is unknown', ['rules', '--nothing']],
    ['a choice is unknown', ['rules', '--format', 'pdf']],
    ['a schema is unknown', ['schemas', 'nothing']],
    ['a role is asked for without Kafka', ['up', '--data', join(folder, 'x'), '--role', 'detect']],
    [
      'a role is asked for without a store URL',
      ['up', '--data', join(folder, 'x'), '--role', 'detect', '--bus', 'kafka'],
    ],
    ['a file to replay is not there', ['replay', '/no/such/file']],
  ])('is an error with exit 2 when %s', async (_, args) => {
    const { code, stdout, stderr } = await run(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('configuration', () => {
  it.each([
    ['a variable is unknown', ['doctor'], { MCP_AUDITD_NO_SUCH: '1' }, 'noSuch'],
    ['the file is not there', ['doctor', '--config', '/no/such'], {}, '/no/such: no such file'],
    ['Kafka has no brokers', ['up', '--data', join(folder, 'x'), '--bus', 'kafka'], {}, 'KAFKA_BROKERS: required'],
    [
      'everybody could write without a key',
      ['up', '--data', join(folder, 'x'), '--otlp', '0.0.0.0:0'],
      {},
      'credentials: required',
    ],
    ['a data folder holds no store', ['query', 'SELECT 1', '--data', join(folder, 'empty')], {}, 'holds no store'],
    [
      'a rule that is configured does not exist',
      ['replay', '-'],
      { MCP_AUDITD_CONFIG: join(folder, 'rules.yaml') },
      'no such rule',
    ],
  ])('is refused with exit 78 when %s', async (_, args, env, reason) => {
    writeFileSync(join(folder, 'rules.yaml'), 'rules: { tok-999-nothing: {} }')
    const { code, stdout, stderr } = await run(args, env)
    expect(stderr).toContain(reason)
    expect(code).toBe(78)
    expect(stdout).toBe('')
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

describe('rules', () => {
  it('are printed as JSON and as Markdown', async () => {
    const [json, markdown] = await Promise.all([run(['rules', '--format', 'json']), run(['rules'])])
    const rules = JSON.parse(json.stdout) as { id: string; title: string }[]
    expect(rules.map(({ id }) => id)).toContain('tok-001-audience-mismatch')
    for (const { id, title } of rules) {
      expect(markdown.stdout).toContain(id)
      expect(markdown.stdout).toContain(title)
    }
    expect([json.code, markdown.code, json.stderr, markdown.stderr]).toEqual([0, 0, '', ''])
  })
})

describe('schemas', () => {
  it('are printed all by name, or one', async () => {
    const [all, event] = await Promise.all([run(['schemas']), run(['schemas', 'event'])])
    const schemas = JSON.parse(all.stdout) as Record<string, unknown>
    expect(schemas['event']).toEqual(JSON.parse(event.stdout))
    for (const type of EVENT_TYPES) expect(event.stdout).toContain(`"${type}"`)
    expect([all.code, event.code]).toEqual([0, 0])
  })
})

describe('doctor', () => {
  it('ends with 0 when nothing must be mended, one line per check', async () => {
    const { code, stdout } = await run(['doctor', '--data', folder, '--json'], free)
    const checks = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; ok: boolean })
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['node', 'data folder', 'identities', 'addresses']),
    )
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
    expect(code).toBe(0)
  })
  it('ends with 1 and says how to mend it when something is wrong', async () => {
    const { code, stdout } = await run(['doctor', '--data', folder], { ...free, MCP_AUDITD_OTLP: '0.0.0.0:0' })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAIL {2}identities .*0\.0\.0\.0:0/m)
    expect(stdout).toMatch(/^ {6}to mend: configure credentials/m)
  })
})
