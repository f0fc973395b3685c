/** `replay`: recorded events through the real rules; bad lines cost only themselves; no store is touched. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../detectors/engine/engine.ts'
import { loadRules } from '../../detectors/load.ts'
import { exampleEvents, sample } from '../../detectors/sample.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { finding } from '../../schemas/finding.ts'
import { run } from '../unit/cli/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'replay-'))
afterAll(() => rmSync(folder, { recursive: true }))
const token = (principal: string, aud: string) =>
  sample('auth.token.validated', {
    principal,
    client: 'ide',
    aud: [aud],
    expectedAud: ['https://mcp.example.com'],
    tokenKind: 'jwt',
    hop: 'direct',
    decision: 'allow',
  })
const events = exampleEvents([
  token('alice', 'https://mcp.example.com'),
  token('bob', 'https://evil.example'),
  token('eve', 'https://evil.example'),
]).map((event): AuditEvent => ({ ...event, receivedAt: event.eventTime }))
const text = (...lines: readonly (AuditEvent | string)[]): string =>
  lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('')
function file(content: string): string {
  const path = join(folder, `${Math.random()}.ndjson`)
  writeFileSync(path, content)
  return path
}
const findingsIn = (stdout: string) =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => finding.parse(JSON.parse(line)))

describe('replay', () => {
  it('prints the findings of the real engine, the same each time, and ends with 0', async () => {
    const path = file(text(...events))
    const [first, second, piped] = await Promise.all([
      run(['replay', path, '--json']),
      run(['replay', path, '--json']),
      run(['replay', '-', '--json'], {}, text(...events)),
    ])
    const engine = createEngine(await loadRules(), { stateRows: 1_000 })
    const expected = events.flatMap((event) => [...engine.apply(event)]).map(({ findingId }) => findingId)
    const found = findingsIn(first!.stdout)
    expect(found.map(({ findingId }) => findingId)).toEqual(expected)
    expect(found.filter(({ rule }) => rule === 'tok-001-audience-mismatch')).toHaveLength(2)
    expect(second!.stdout).toBe(first!.stdout)
    expect(piped!.stdout).toBe(first!.stdout)
    expect([first!.code, first!.stderr]).toEqual([0, ''])
  })
  it('tells people who, what and what was expected, with hostile text made visible', async () => {
    const hostile = exampleEvents([token('bob', 'https://evil.example/\u001b[2J\u202e')])
    const { stdout } = await run(['replay', file(text(hostile[0]!))])
    expect(stdout).toContain('tok-001-audience-mismatch')
    expect(stdout).toContain('expected https://mcp.example.com')
    expect(stdout).not.toMatch(/[\u001b\u202e]/)
  })
  it('reports each line it cannot read and ends with 1, and its neighbours are detected', async () => {
    const content = text(
      'not JSON',
      events[0]!,
      '',
      'null',
      events[1]!,
      JSON.stringify({ ...events[2], eventType: 'nothing' }),
      JSON.stringify({ ...events[2], producerSeq: 'hunter2' }),
      events[2]!,
    )
    const { code, stdout, stderr } = await run(['replay', file(content), '--json'])
    expect(code).toBe(1)
    expect(findingsIn(stdout).filter(({ rule }) => rule === 'tok-001-audience-mismatch')).toHaveLength(2)
    expect(stderr).toContain('replay: line 1: not JSON\n')
    expect(stderr).toContain('replay: line 4: ')
    expect(stderr).toContain('replay: line 6: eventType: ')
    expect(stderr).toContain('replay: line 7: producerSeq: ')
    expect(stderr).toContain('4 lines could not be read')
    expect(stderr).not.toContain('hunter2')
  })
  it('of a folder, or of nothing that is there, is a usage error in one line', async () => {
    for (const path of [folder, join(folder, 'missing')]) {
      const { code, stdout, stderr } = await run(['replay', path])
      expect([code, stdout, stderr]).toEqual([2, '', `replay: ${path}: cannot be read\n`])
    }
  })
  it('reports a line of many megabytes once, and detects what stands after it', async () => {
    const path = file(`${JSON.stringify({ zz: 'x'.repeat(3_000_000) })}\r\n${text(...events)}`)
    const { code, stdout, stderr } = await run(['replay', path, '--json'])
    expect([code, findingsIn(stdout).length]).toEqual([1, 2])
    expect(stderr).toBe(`replay: line 1: not JSON\nreplay: ${path}: 1 lines could not be read\n`)
  })
  it('drops known retries, and keeps tenant and time of what was recorded', async () => {
    const [, bob] = events
    const acme = { ...bob!, tenant: 'acme', producerId: 'a'.repeat(32), producerSeq: 1 }
    const { receivedAt: _, ...unstamped } = { ...acme, producerSeq: 2 }
    const { stdout, code } = await run(
      ['replay', '-', '--json'],
      {},
      text(acme as AuditEvent, acme as AuditEvent, JSON.stringify({ ...unstamped, eventId: '1'.repeat(32) })),
    )
    const found = findingsIn(stdout).filter(({ rule }) => rule === 'tok-001-audience-mismatch')
    expect(code).toBe(0)
    expect(found.map(({ tenant, eventTime }) => [tenant, eventTime])).toEqual([
      ['acme', acme.eventTime],
      ['acme', acme.eventTime],
    ])
  })
  it('of nothing finds nothing', async () => {
    expect(await run(['replay', '-', '--json'], {}, '')).toEqual({ code: 0, stdout: '', stderr: '' })
  })
  it('writes no file beside what it reads', async () => {
    const before = readdirSync(folder)
    await run(['replay', join(folder, before[0]!)])
    expect(readdirSync(folder)).toEqual(before)
  })
})
