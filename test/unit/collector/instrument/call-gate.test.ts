/** Calls that wait for room or are refused while events cannot be kept; and the default, under which no call ever does either. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/server'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { AuditQueue } from '../../../../collector/instrument/delivery/audit-queue.ts'
import type { AuditSink, QueueOptions } from '../../../../collector/instrument/delivery/audit-sink.ts'
import { Overflow, overflowOf } from '../../../../collector/instrument/delivery/overflow.ts'
import { pendingEvent } from '../../../../collector/instrument/delivery/pending-event.ts'
import { instrumentMcpServer, type OverflowOptions, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { producerOf, QUICK, Receiver } from './spool-bed.ts'

const folder = mkdtempSync(join(tmpdir(), 'gate-'))
afterEach(() => shutdownAudit(0))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SDKS = [
  {
    name: 'SDK v1',
    server: () => new McpServerV1({ name: 'gate', version: '1' }),
    pair: () => InMemoryTransport.createLinkedPair(),
  },
  {
    name: 'SDK v2',
    server: () => new McpServerV2({ name: 'gate', version: '1' }) as unknown as McpServerV1,
    pair: () => MemoryV2.createLinkedPair() as unknown as [InMemoryTransport, InMemoryTransport],
  },
]
const storage = new AsyncLocalStorage<string>()
let next = 0
async function stage(overflow: OverflowOptions | undefined, options: QueueOptions = {}, sdk = SDKS[0]!) {
  const receiver = new Receiver()
  const queue = new AuditQueue(receiver, { ...QUICK, spool: false, maxQueued: 100, ...options })
  const handled: string[] = []
  const contexts: (string | undefined)[] = []
  const server = sdk.server()
  const tool = (name: string, annotations: object) =>
    server.registerTool(name, { annotations }, () => {
      handled.push(name)
      contexts.push(storage.getStore())
      return { content: [] }
    })
  tool('wipe', { destructiveHint: true })
  tool('look', { readOnlyHint: true })
  tool('other', {})
  instrumentMcpServer(server, { sink: queue as AuditSink, serverId: `gate-${next++}`, overflow })
  const [clientSide, serverSide] = sdk.pair()
  await server.connect(serverSide)
  const client = new Client({ name: 'c', version: '1' })
  await client.connect(clientSide)
  // With it the classes of the tools are known.
  await client.callTool({ name: 'look' }).catch(() => undefined)
  await queue.flush()
  handled.length = contexts.length = 0
  /** So many events wait that there is no room; nobody takes them. */
  const fill = (): void => {
    receiver.down = true
    const producer = producerOf('someone else')
    while (queue.stats.dropped === 0) queue.emit(pendingEvent(producer, { eventType: 'http.request' }))
  }
  const call = (name: string) =>
    client.callTool({ name }).then(
      () => 'ok',
      (error: { code?: number }) => error.code,
    )
  return { receiver, queue, client, handled, contexts, fill, call }
}
const STRICT = { classes: { destructive: 'strict' } } as const
const BLOCK = { classes: { destructive: 'block' }, blockMs: 20_000 } as const

describe.each(SDKS)('$name', (sdk) => {
  it('by default no call waits or is refused, whatever is lost', async () => {
    const { call, fill, handled } = await stage(undefined, {}, sdk)
    fill()
    for (const name of ['wipe', 'look', 'other']) expect(await call(name)).toBe('ok')
    expect(handled).toEqual(['wipe', 'look', 'other'])
  })
  it('a strict tool is refused while the queue is full, and only that', async () => {
    const { call, fill, handled, receiver, queue } = await stage(STRICT, {}, sdk)
    expect(await call('wipe')).toBe('ok')
    fill()
    expect(await call('wipe')).toBe(-32010)
    expect(await call('look')).toBe('ok')
    expect(handled).toEqual(['wipe', 'look'])
    receiver.down = false
    expect(await queue.flush()).toBe(true)
    expect(await call('wipe')).toBe('ok')
  })
  it('a blocked tool waits for room, and messages behind it keep their order', async () => {
    const { call, fill, handled, receiver } = await stage(BLOCK, {}, sdk)
    fill()
    const calls = ['wipe', 'look', 'wipe', 'other'].map(call)
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(handled).toEqual([])
    receiver.down = false
    expect(await Promise.all(calls)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(handled).toEqual(['wipe', 'look', 'wipe', 'other'])
  })
})

describe('a strict tool', () => {
  it('is refused with a clear message, and told as denied', async () => {
    const { client, receiver, queue } = await stage({ ...STRICT, failingMs: 0 })
    receiver.down = true
    queue.emit(pendingEvent(producerOf(), { eventType: 'http.request' }))
    await expect.poll(() => queue.unavailable(0), { timeout: 10_000 }).toBe('events cannot be delivered')
    await expect(client.callTool({ name: 'wipe' })).rejects.toThrow(
      'The audit trail is not available; this tool is refused',
    )
    receiver.down = false
    expect(await queue.flush()).toBe(true)
    const results = receiver.of('tool.result').filter(({ toolName }) => toolName === 'wipe')
    expect(results).toMatchObject([{ outcome: 'denied', errorCode: '-32010' }])
    expect(receiver.of('auditd.error')).toMatchObject([
      { component: 'instrument.strict', toolName: 'wipe', message: expect.stringContaining('cannot be delivered') },
    ])
  })
  it('is refused while the spool cannot be written', async () => {
    const blocked = join(folder, 'blocked')
    writeFileSync(blocked, '')
    const { call } = await stage(STRICT, { spool: join(blocked, 'spool') })
    expect(await call('wipe')).toBe(-32010)
    expect(await call('look')).toBe('ok')
    rmSync(blocked)
    await expect.poll(async () => call('wipe'), { timeout: 10_000 }).toBe('ok')
  })
  it('is served with the bus down when a spool takes its events', async () => {
    const overflow = { ...STRICT, failingMs: Number.POSITIVE_INFINITY }
    const { call, queue, receiver } = await stage(overflow, { spool: join(folder, 'spool') })
    receiver.down = true
    const producer = producerOf('someone else')
    for (let i = 0; i < 500; i++) queue.emit(pendingEvent(producer, { eventType: 'http.request' }))
    expect(await call('wipe')).toBe('ok')
    expect(queue.stats).toMatchObject({ dropped: 0 })
    expect(queue.stats.spooled).toBeGreaterThan(300)
  })
})

describe('a tool whose events may be dropped', () => {
  it('leaves a gap where the events of others go to the spool, and is served all the same', async () => {
    const { call, queue, receiver } = await stage({ classes: { readOnly: 'drop' } }, { spool: join(folder, 'drop') })
    const before = receiver.of('tool.call').length
    receiver.down = true
    const producer = producerOf('someone else')
    for (let i = 0; i < 500; i++) queue.emit(pendingEvent(producer, { eventType: 'http.request' }))
    expect([await call('look'), await call('other')]).toEqual(['ok', 'ok'])
    expect(queue.stats.dropped).toBe(2)
    receiver.down = false
    expect(await queue.flush()).toBe(true)
    for (const type of ['tool.call', 'tool.result'])
      expect(
        receiver
          .of(type)
          .slice(before)
          .map(({ toolName }) => toolName),
      ).toEqual(['other'])
    expect(receiver.of('auditd.error').map(({ code, dropped }) => [code, dropped])).toEqual([['bus_overloaded', 2]])
  })
})

describe('a blocked tool', () => {
  it('goes on when its time is over', async () => {
    const { call, fill, handled } = await stage({ ...BLOCK, blockMs: 30 })
    fill()
    expect(await Promise.all([call('wipe'), call('wipe'), call('look')])).toEqual(['ok', 'ok', 'ok'])
    expect(handled).toEqual(['wipe', 'wipe', 'look'])
  })
  it('is not overtaken by its own cancellation', async () => {
    const { client, fill, handled, receiver } = await stage(BLOCK)
    fill()
    const abort = new AbortController()
    const call = client.callTool({ name: 'wipe' }, undefined, { signal: abort.signal }).catch(() => 'cancelled')
    abort.abort()
    expect(await call).toBe('cancelled')
    receiver.down = false
    await expect.poll(() => handled, { timeout: 10_000 }).toEqual(['wipe'])
  })
  it('is handled in the asynchronous context it came in', async () => {
    const { client, fill, receiver, contexts } = await stage(BLOCK)
    fill()
    const calls = ['a', 'b'].map((name) => storage.run(name, () => client.callTool({ name: 'wipe' })))
    receiver.down = false
    await Promise.all(calls)
    expect(contexts).toEqual(['a', 'b'])
  })
})

describe('Overflow', () => {
  const definitions = (annotations: Readonly<Record<string, string[]>>) =>
    ({ definitions: Object.entries(annotations).map(([name, list]) => ({ name, annotations: list })) }) as never
  it('goes by name, then by class, and is careful while the classes are not known', () => {
    const overflow = new Overflow({
      default: 'drop',
      classes: { destructive: 'strict', readOnly: 'spool' },
      tools: { transfer: 'block' },
    })
    expect(overflow.policyOf('anything', undefined)).toBe('strict')
    const known = definitions({ rm: ['destructiveHint=true'], ls: ['readOnlyHint=true'], touch: [] })
    expect(['rm', 'ls', 'touch', 'transfer', 'none'].map((tool) => overflow.policyOf(tool, known))).toEqual([
      ...['strict', 'spool', 'drop', 'block', 'drop'],
    ])
    expect(['rm', 'touch', undefined].map((tool) => overflow.isExpendable(tool))).toEqual([false, true, false])
  })
  it('drops nothing by a class that it does not know yet', () => {
    const overflow = new Overflow({ classes: { readOnly: 'drop' } })
    expect(overflow.isExpendable('ls')).toBe(false)
    // Only calls tell it the classes: it has to see them.
    expect(overflow.hasGate).toBe(true)
    overflow.policyOf('ls', definitions({ ls: ['readOnlyHint=true'] }))
    expect(['ls', 'rm'].map((tool) => overflow.isExpendable(tool))).toEqual([true, false])
  })
  it('is read from a variable', () => {
    expect(overflowOf('strict')).toBe('strict')
    expect(overflowOf('destructive=strict, readOnly=drop,default=block')).toEqual({
      default: 'block',
      classes: { destructive: 'strict', readOnly: 'drop' },
    })
    for (const text of ['', 'wait', 'destructive', 'destructive=', 'all=strict', 'a=b=c'])
      expect(overflowOf(text)).toBeUndefined()
  })
  it('has no gate where nothing waits, and refuses a policy it does not know', () => {
    expect(new Overflow('drop').hasGate).toBe(false)
    expect(new Overflow({ tools: { x: 'drop' } }).hasGate).toBe(false)
    expect(new Overflow({ tools: { x: 'block' } }).hasGate).toBe(true)
    expect(() => new Overflow('wait' as never)).toThrow('overflow: wait is none of')
  })
})
