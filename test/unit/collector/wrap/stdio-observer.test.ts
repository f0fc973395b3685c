// What passes between a client and a stdio server, read from copies in whatever cuts.
import { describe, expect, it } from 'vitest'
import { memorySink } from '../../../../collector/instrument/index.ts'
import { openGateway } from '../../../../collector/observe/gateway-context.ts'
import { StdioObserver } from '../../../../collector/wrap/stdio-observer.ts'
import { parseEvent } from '../../../../schemas/event.ts'

let observers = 0
function observed() {
  const sink = memorySink()
  const gateway = openGateway(sink, { heartbeatMs: 0, serverId: `observed-${observers++}` }, 'x')
  gateway.held.release()
  const observer = new StdioObserver(gateway)
  const of = (type: string) => sink.events.filter(({ eventType }) => eventType === type)
  return { observer, sink, of }
}
const line = (message: object): Buffer => Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
const call = (id: number, args: object = {}) =>
  line({ id, method: 'tools/call', params: { name: 'pay', arguments: args } })

describe('StdioObserver', () => {
  it('pairs answers with calls, also of a batch and in any order', () => {
    const { observer, of, sink } = observed()
    observer.fromClient(Buffer.concat([call(1), call(2)]))
    const batch = [
      { jsonrpc: '2.0', id: 2, result: { content: [] } },
      { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'no' } },
    ]
    const bytes = Buffer.from(JSON.stringify(batch))
    observer.fromServer(bytes.subarray(0, 20))
    observer.fromServer(bytes.subarray(20))
    observer.ended()
    expect(of('tool.result').map(({ outcome }) => outcome)).toEqual(['ok', 'protocol_error'])
    expect(
      of('tool.call')
        .map(({ requestUid }) => requestUid)
        .reverse(),
    ).toEqual(of('tool.result').map(({ requestUid }) => requestUid))
    for (const event of sink.events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
  })
  it('a call without an answer is cancelled when the server ends, and an answer to nothing is no event', () => {
    const { observer, of } = observed()
    observer.fromClient(call(1))
    observer.fromServer(line({ id: 99, result: {} }))
    observer.ended()
    expect(of('tool.result')).toMatchObject([{ outcome: 'cancelled', errorCode: 'connection_closed' }])
  })
  it('what is no message is counted, empty lines are not', () => {
    const { observer, of } = observed()
    observer.fromServer(Buffer.from('\n  \r\nListening\nand more\n{"half": '))
    observer.ended()
    expect(observer.unreadMessages).toBe(3)
    expect(of('auditd.error').reduce((sum, event) => sum + Number((event as { dropped?: number }).dropped), 0)).toBe(3)
    expect(observer.bufferedBytes).toBe(0)
  })
  it('large calls without an answer are still told by name when the server ends', () => {
    const { observer, of } = observed()
    const large = { text: 'x'.repeat(20_000) }
    for (let id = 0; id < 200; id++) observer.fromClient(call(id, large))
    expect(of('tool.call')).toHaveLength(200)
    observer.ended()
    expect(of('tool.result')).toHaveLength(200)
    expect(of('tool.result').every(({ toolName }) => toolName === 'pay')).toBe(true)
  })
})
