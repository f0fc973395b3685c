// Bytes become JSON-RPC messages or nothing; a large request is made light once it has been told.
import { describe, expect, it } from 'vitest'
import { lighten, rpcMessagesOf } from '../../../../collector/observe/rpc-text.ts'

const call = (params: object) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })

describe('rpcMessagesOf', () => {
  it('reads one message, also with a carriage return and with invalid UTF-8 inside a text', () => {
    const text = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\r'),
    ])
    expect(rpcMessagesOf(text)).toEqual([{ jsonrpc: '2.0', id: 1, method: '\ufffd' }])
  })
  it('reads a legacy batch in order', () => {
    const batch = [call({ name: 'a' }), { jsonrpc: '2.0', method: 'notifications/x' }]
    expect(rpcMessagesOf(JSON.stringify(batch))).toEqual(batch)
  })
  it('reads a call and its answer without the version member, and the messages of a batch with something else in it', () => {
    const bare = { id: 1, method: 'tools/call', params: { name: 'a' } }
    expect(rpcMessagesOf(JSON.stringify(bare))).toEqual([bare])
    expect(rpcMessagesOf('{"id":1,"result":{}}')).toEqual([{ id: 1, result: {} }])
    expect(rpcMessagesOf(JSON.stringify([1, bare, { x: 1 }, null]))).toEqual([bare])
  })
  it.each([
    '{"id":1,"method":"GET"}',
    '{"id":1,"result":"x"}',
    'Listening on port 3000',
    '"text"',
    '[]',
    'null',
    '{"id":1}',
    '{"jsonrpc":"1.0"}',
    '[1]',
    '[[]]',
    `[${'{"jsonrpc":"2.0"},'.repeat(1000)}{"jsonrpc":"2.0"}]`,
    '['.repeat(100_000),
  ])('refuses what is not JSON-RPC (%#)', (text) => {
    expect(rpcMessagesOf(text)).toBeUndefined()
  })
})

describe('lighten', () => {
  it('leaves names and ids of a large request, and a small one as it is', () => {
    const large = call({ name: 'read', requestState: 'x'.repeat(5_000), arguments: { a: 'x' }, cursor: 'c', _meta: {} })
    lighten(large, 5_100)
    expect(large.params).toEqual({ name: 'read', cursor: 'c' })
    const small = call({ name: 'read', arguments: { a: 'x' } })
    lighten(small, 90)
    expect(small.params).toEqual({ name: 'read', arguments: { a: 'x' } })
    expect(() => lighten({ params: null } as never, 10_000)).not.toThrow()
  })
})
