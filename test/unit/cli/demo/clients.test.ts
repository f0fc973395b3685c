/** What counts as sent: every tools/call request, nothing else. */
import { describe, expect, it } from 'vitest'
import { SentCounter } from '../../../../cli/demo/clients.ts'

const call = (id: number) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'echo' } })

describe('SentCounter', () => {
  it('counts each tools/call that a transport sends, batches and failures included, and passes it on', async () => {
    const passed: unknown[] = []
    const transport = {
      async send(message: unknown, options?: unknown): Promise<void> {
        passed.push([message, options])
        if (passed.length === 3) throw new Error('connection closed')
      },
    }
    const counter = new SentCounter()
    const watched = counter.watch(transport)
    await watched.send(call(1), 'options')
    await watched.send({ jsonrpc: '2.0', id: 2, method: 'tools/list' })
    await expect(watched.send([call(3), call(4)])).rejects.toThrow('connection closed')
    await watched.send({ jsonrpc: '2.0', id: 1, result: {} })
    expect(counter.sent).toBe(3)
    expect(passed[0]).toEqual([call(1), 'options'])
    expect(passed).toHaveLength(4)
  })
})
