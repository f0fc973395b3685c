// A service that runs answers for its proof: verify, erase and export ask it, also with rows that no manifest holds yet, and after kill -9.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeEvents } from '../../collector/event-records.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { realisticEvents } from '../bench/realistic-events.ts'
import { run, type Up, up } from '../unit/cli/command-line.ts'

const EVENTS = 200
/** Whose it is says the credential, when it came says the service. */
function asSent(event: AuditEvent): AuditEvent {
  const { tenant: _, receivedAt: _at, ...sent } = event
  return sent as AuditEvent
}

describe('the proof of a running service', { timeout: 60_000 }, () => {
  let dir: string
  let service: Up
  const verify = async (...more: string[]) => {
    const { code, stdout, stderr } = await run(['verify', '--data', dir, ...more])
    return { code, said: stdout + stderr }
  }
  const stored = async (sql: string) => (await run(['query', '--data', dir, '--format', 'TSV', sql])).stdout.trim()
  const send = async (events: readonly AuditEvent[]): Promise<void> => {
    const answer = await fetch(`${service.otlpUrl}/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf' },
      body: Buffer.from(encodeEvents(events.map(asSent))),
    })
    expect(answer.status).toBe(200)
  }
  const untilStored = async (count: number): Promise<void> => {
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; )
      if (Number(await stored("SELECT count() FROM events WHERE server_id != 'mcp-auditd'")) >= count) return
    throw new Error(`${count} events were not stored`)
  }
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'proof-service-'))
    service = await up(dir)
    await send([...realisticEvents(EVENTS, 3)])
    await untilStored(EVENTS)
  }, 60_000)
  afterAll(async () => {
    service.child.kill('SIGKILL')
    await service.ended
    rmSync(dir, { recursive: true, force: true })
  })

  it('is whole while its rows wait for a manifest', async () => {
    const { code, said } = await verify()
    expect(said).toContain('OK: nothing was changed')
    expect(said).toMatch(/unsealed tail [1-9]|newer than the state [1-9]/)
    expect(code).toBe(0)
  })

  it('stays whole when the service erases a subject, and is killed', async () => {
    const subject = await stored(
      "SELECT principal_key FROM events WHERE principal_key != '' GROUP BY 1 ORDER BY count() DESC, 1 LIMIT 1",
    )
    const erased = await run([
      'erase',
      '--data',
      dir,
      '--subject',
      subject,
      '--reason',
      'a request',
      '--by',
      'me',
      '--yes',
    ])
    expect(erased.stdout).toMatch(/^erased [1-9]/)
    expect(await stored(`SELECT count() FROM events WHERE principal_key = '${subject}'`)).toBe('0')
    expect((await verify()).said).toContain('OK: nothing was changed')
    service.child.kill('SIGKILL')
    await service.ended
    const { code, said } = await verify()
    expect(said).toContain('OK: nothing was changed')
    expect(code).toBe(0)
  })

  it('is whole when the next service has taken over what the killed one left', async () => {
    service = await up(dir)
    await send([...realisticEvents(EVENTS, 4)])
    await untilStored(EVENTS)
    service.child.kill('SIGTERM')
    await service.ended
    const { code, said } = await verify('--json')
    const { isWhole, summary } = JSON.parse(said) as { isWhole: boolean; summary: Record<string, number> }
    expect([code, isWhole, summary['unsealed'], summary['unknownTail'], summary['unproven']]).toEqual([
      0,
      true,
      0,
      0,
      0,
    ])
    expect(summary['segments']).toBeGreaterThan(0)
  })
})
