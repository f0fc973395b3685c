// How an export runs: told to the audit first, in pages as large as answers may be, with nothing left behind when it fails.
import { describe, expect, it } from 'vitest'
import { eventLines } from '../../../../cli/export/lines.ts'
import { pager } from '../../../../cli/export/question.ts'
import { runExport } from '../../../../cli/export/run.ts'
import { selectionOf } from '../../../../cli/export/selection.ts'
import type { Questions } from '../../../../cli/store-question.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { sampleEvent } from '../../../contract/samples.ts'

const idle: Questions = { service: undefined, ask: async () => '', async close() {} }
const selection = selectionOf({ what: 'events', from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' })
const who = { actor: 'ana', reason: '' }
const recorder = () => {
  const did: string[] = []
  return {
    did,
    destination: {
      write: async (text: string) => void did.push(text),
      finish: async () => void did.push('finished'),
      abandon: async () => void did.push('abandoned'),
    },
  }
}
async function* two(last?: Error): AsyncGenerator<readonly AuditEvent[]> {
  yield [sampleEvent({ eventId: '1'.repeat(32) }), sampleEvent({ eventType: 'server.heartbeat' })]
  if (last !== undefined) throw last
  yield [sampleEvent({ eventType: 'auditd.error' })]
}

describe('an export', () => {
  it('writes what has a place in the format, and counts what has none', async () => {
    const { did, destination } = recorder()
    const lines = eventLines('ocsf', '1.8.0')
    const done = await runExport(idle, who, selection, two(), lines, destination)
    expect(done).toMatchObject({ written: 1, audited: false })
    expect([...done.left].map(([type, { count }]) => [type, count])).toEqual([
      ['server.heartbeat', 1],
      ['auditd.error', 1],
    ])
    expect(did).toHaveLength(2)
    expect(did.at(-1)).toBe('finished')
  })
  it('that fails in the middle leaves nothing', async () => {
    const { did, destination } = recorder()
    const failing = two(new AuditdError('store_unavailable', 'query', '', 'gone'))
    await expect(runExport(idle, who, selection, failing, eventLines('jsonl', '1.8.0'), destination)).rejects.toThrow(
      'gone',
    )
    expect(did.at(-1)).toBe('abandoned')
    expect(did).not.toContain('finished')
  })
})

describe('a page', () => {
  const tooLarge = new AuditdError('query_refused', 'query', '', 'Limit for result exceeded')
  it('becomes smaller while its answer is larger than an answer may be, and stays so', async () => {
    const asked: number[] = []
    const page = pager(5_000)
    const read = async (limit: number): Promise<string> => {
      asked.push(limit)
      if (limit > 400) throw tooLarge
      return 'rows'
    }
    expect(await page(read)).toEqual({ answer: 'rows', limit: 312 })
    await page(read)
    expect(asked).toEqual([5_000, 1_250, 312, 312])
  })
  it('is not made smaller for ever, nor for a store that is away', async () => {
    await expect(
      pager(100)(async () => {
        throw tooLarge
      }),
    ).rejects.toThrow('Limit')
    let times = 0
    const away = async (): Promise<never> => {
      times += 1
      throw new AuditdError('store_unavailable', 'query', '', 'away')
    }
    await expect(pager(100)(away)).rejects.toThrow('away')
    expect(times).toBe(1)
  })
})
