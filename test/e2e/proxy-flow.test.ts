/** Break-offs and slow sides: each side of the proxy learns of the other what it would learn without it, and memory stays bounded. */
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { behind, closeBed } from './proxy-bed.ts'

afterEach(closeBed)

describe('a break-off', () => {
  it('of the client reaches the server, in the middle of a stream and before an answer', async () => {
    const gone: string[] = []
    let arrived = 0
    const { proxy } = await behind((request, response) => {
      arrived++
      response.on('close', () => gone.push(request.url ?? ''))
      if (request.url === '/stream')
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    })
    const streaming = new AbortController()
    const answer = await fetch(`${proxy.url}/stream`, { signal: streaming.signal })
    await answer.body?.getReader().read()
    streaming.abort()
    await expect.poll(() => gone).toEqual(['/stream'])
    const waiting = new AbortController()
    const pending = fetch(`${proxy.url}/wait`, { signal: waiting.signal }).catch(() => undefined)
    await expect.poll(() => arrived).toBe(2)
    waiting.abort()
    await pending
    await expect.poll(() => gone).toEqual(['/stream', '/wait'])
  })
  it.each([
    ['nobody listens', 502, 'ECONNREFUSED'],
    ['the server hangs up', 502, 'ECONNRESET'],
  ])('%s: a clear answer, and an event', async (how, status, code) => {
    const { server, proxy, sink } = await behind((request) => request.socket.destroy())
    if (how === 'nobody listens') await server.close()
    const answer = await fetch(`${proxy.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'pay', arguments: {} } }),
    })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({
      jsonrpc: '2.0',
      id: null,
      error: { message: expect.stringContaining(code) as string },
    })
    await proxy.close(0)
    const of = (type: string) => sink.events.filter(({ eventType }) => eventType === type)
    expect(of('tool.call')).toMatchObject([{ toolName: 'pay', vantage: 'gateway' }])
    expect(of('tool.result')).toMatchObject([{ outcome: 'protocol_error', errorCode: '502', decision: 'error' }])
  })
})

describe('a slow side', () => {
  it('a client that does not read stops the server, and what is copied stays within its bound', async () => {
    const CHUNK = 65_536
    const CHUNKS = 3_200
    let written = 0
    const { proxy } = await behind(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        const line = Buffer.alloc(CHUNK, 'x')
        line.write('data: ')
        line.write('\n\n', CHUNK - 2)
        const push = (): void => {
          while (written < CHUNKS) {
            written++
            if (!response.write(line)) {
              response.once('drain', push)
              return
            }
          }
          response.end()
        }
        push()
      },
      { copyBytes: 1_000_000 },
    )
    const request = httpRequest(proxy.url)
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let before = -1
    await expect
      .poll(
        () => {
          const isStill = before === written
          before = written
          return isStill
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true)
    // Ten times and more of what all buffers on the way hold.
    expect(written).toBeLessThan(CHUNKS / 4)
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length
    expect(bytes).toBe(CHUNK * CHUNKS)
    expect(proxy.copies.peak).toBeLessThanOrEqual(1_000_000)
    expect(proxy.copies.used).toBe(0)
  })
  it('a server that does not read stops the client', async () => {
    const held: IncomingMessage[] = []
    const { proxy } = await behind((request) => held.push(request))
    const request = httpRequest(proxy.url, { method: 'POST' })
    request.on('error', () => undefined)
    const chunk = Buffer.alloc(1_048_576, 'x')
    let accepted = 0
    const push = (): void => {
      if (accepted < 200)
        request.write(chunk, () => {
          accepted++
          push()
        })
    }
    push()
    await expect.poll(() => held.length).toBe(1)
    let before = -1
    await expect
      .poll(
        () => {
          const isStill = before === accepted
          before = accepted
          return isStill
        },
        { interval: 300, timeout: 20_000 },
      )
      .toBe(true)
    expect(accepted).toBeLessThan(50)
    request.destroy()
  })
  it('many large bodies at once pass, and those beyond the bound pass unread', async () => {
    const { proxy, sink } = await behind((request, response) => request.pipe(response), { copyBytes: 3_000_000 })
    const half = 'x'.repeat(1_500_000)
    const sockets: Socket[] = []
    const { hostname, port } = new URL(proxy.url)
    for (let at = 0; at < 4; at++) {
      const socket = connect(Number(port), hostname)
      sockets.push(socket)
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nMCP-Protocol-Version: 2025-11-25\r\nContent-Length: ${half.length * 2}\r\n\r\n${half}`,
      )
      socket.resume()
    }
    await expect.poll(() => proxy.unreadMessages).toBeGreaterThanOrEqual(2)
    expect(proxy.copies.peak).toBeLessThanOrEqual(3_000_000)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => proxy.copies.used).toBe(0)
    await proxy.close(0)
    expect(sink.events.filter(({ eventType }) => eventType === 'auditd.error')).toMatchObject([
      { code: 'bus_overloaded', component: 'proxy' },
      { code: 'bus_overloaded', component: 'proxy' },
    ])
  })
})
