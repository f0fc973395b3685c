// Events wait for the name of the server, but not for ever.
import { describe, expect, it } from 'vitest'
import { pendingEvent } from '../../../../collector/instrument/delivery/pending-event.ts'
import { memorySink } from '../../../../collector/instrument/delivery/sinks.ts'
import { openGateway } from '../../../../collector/observe/gateway-context.ts'
import { heldSink } from '../../../../collector/observe/held-sink.ts'
import { Unread } from '../../../../collector/observe/unread.ts'
import { WireConnection } from '../../../../collector/observe/wire-connection.ts'

const producer = { serverId: 's', producerId: 'p' }
const event = () => pendingEvent(producer, { eventType: 'server.heartbeat' })

describe('heldSink', () => {
  it('passes what it held in order, then every event at once', () => {
    const inner = memorySink()
    const held = heldSink(inner)
    held.emit(event())
    held.emit(event())
    expect(inner.events).toHaveLength(0)
    held.release()
    held.emit(event())
    held.release()
    expect(inner.events.map(({ producerSeq }) => producerSeq)).toEqual([1, 2, 3])
  })
  it('lets go at the 64th event, after its time, and when it is flushed or shut down', async () => {
    const inner = memorySink()
    const full = heldSink(inner)
    for (let at = 0; at < 64; at++) full.emit(event())
    expect(inner.events).toHaveLength(64)
    const late = heldSink(inner, 1)
    late.emit(event())
    await expect.poll(() => inner.events.length).toBe(65)
    for (const end of ['flush', 'shutdown'] as const) {
      const before = inner.events.length
      const ending = heldSink(inner)
      ending.emit(event())
      await ending[end]()
      expect(inner.events).toHaveLength(before + 1)
    }
  })
})

describe('WireConnection', () => {
  it('puts the name that a server gives itself on every event, and takes no second one', () => {
    const sink = memorySink()
    const gateway = openGateway(sink, { heartbeatMs: 0 }, 'cmd')
    gateway.context.start({})
    const connection = new WireConnection(gateway, gateway.registryFor('legacy', ''), 'stdio')
    const answer = (name: string) => {
      connection.fromClient({ id: 1, method: 'initialize', params: {} }, 50)
      connection.fromServer({ id: 1, result: { serverInfo: { name, version: '3' }, capabilities: {} } })
    }
    answer('weather')
    answer('other')
    gateway.context.stop('test')
    expect(sink.events.length).toBeGreaterThanOrEqual(4)
    for (const told of sink.events)
      expect(told).toMatchObject({
        serverId: 'cmd',
        serverName: 'weather',
        serverVersion: '3',
        vantage: 'gateway',
        flags: expect.arrayContaining(['no_principal']) as string[],
      })
  })
  it('never throws, whatever passes', () => {
    const gateway = openGateway(memorySink(), { heartbeatMs: 0 }, 'odd')
    const connection = new WireConnection(gateway, gateway.registryFor('legacy', ''), 'stdio')
    const odd = [
      null,
      1,
      'x',
      [],
      {},
      { id: {}, method: 'tools/call' },
      { id: 1, result: null },
      { id: [], result: { _meta: null } },
    ]
    for (const message of odd) {
      connection.fromClient(message as never, 1)
      connection.fromServer(message as never)
    }
    connection.closed()
  })
})

describe('Unread', () => {
  it('tells the first at once and the rest in one sum per reason', () => {
    const sink = memorySink()
    const gateway = openGateway(sink, { heartbeatMs: 0 }, 'noisy')
    gateway.held.release()
    const unread = new Unread(gateway.context, 'wrap')
    for (let at = 0; at < 100; at++) unread.count('not JSON-RPC', 'server')
    unread.count('too large', 'client')
    expect(sink.events).toHaveLength(1)
    unread.tell()
    unread.tell()
    expect(
      sink.events.map((told) => [told['code' as never], told['dropped' as never], told['message' as never]]),
    ).toEqual([
      ['unreadable', 1, 'wrap: server: 1 messages passed unread: not JSON-RPC'],
      ['unreadable', 99, 'wrap: server: 99 messages passed unread: not JSON-RPC'],
      ['event_too_large', 1, 'wrap: client: 1 messages passed unread: too large'],
    ])
    expect(unread.total).toBe(101)
  })
})
