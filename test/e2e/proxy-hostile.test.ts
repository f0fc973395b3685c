/** Heads and bodies that are made to hurt or to slip by: they cost their own exchange at most, and what a server understands is told. */
import { connect, createServer, type Socket } from 'node:net'
import { buffer, text as textOf } from 'node:stream/consumers'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { memorySink } from '../../collector/instrument/index.ts'
import { startProxy } from '../../collector/proxy/proxy.ts'
import { behind, closeBed } from './proxy-bed.ts'

afterEach(closeBed)

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

/** What comes back until the other side closes, byte by byte. */
async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes(request))
  return (await buffer(socket)).toString('latin1')
}
const GET = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

/** A target that answers the first request with these bytes, and the others well. */
async function answering(answer: string) {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const target = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      asked.push(chunk.toString('latin1'))
      socket.write(bytes(asked.length === 1 ? answer : OK))
    })
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
  const { port } = target.address() as { port: number }
  const proxy = await startProxy({
    ...{ target: `http://127.0.0.1:${port}`, host: '127.0.0.1', port: 0, sink: memorySink(), heartbeatMs: 0 },
  })
  return {
    asked,
    port: Number(new URL(proxy.url).port),
    async close() {
      await proxy.close(0)
      for (const socket of sockets) socket.destroy()
      target.close()
    },
  }
}

describe('a head that Node reads and does not write', () => {
  it.each([
    ['a Trailer without a chunked body', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTrailer: X\r\n\r\n{}', '200 OK'],
    [
      'a Trailer of an answer without a body',
      'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n',
      '204 No',
    ],
    ['hints that are none', `HTTP/1.1 103 Early\r\nLink: garbage\r\n\r\n${OK}`, '200 OK'],
    ['a status below 100', 'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}', '502 Bad Gateway'],
    ['a control character in the reason', 'HTTP/1.1 200 O\u0001K\r\nContent-Length: 2\r\n\r\n{}', '200 O K'],
    ['another protocol', 'HTTP/1.1 101 Now\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello', '502 Bad Gateway'],
    ['no HTTP at all', 'hello\r\n\r\n', '502 Bad Gateway'],
  ])('costs at most its own exchange: %s', async (_, answer, status) => {
    const bed = await answering(answer)
    expect(await raw(bed.port, GET)).toMatch(`HTTP/1.1 ${status}\r\n`)
    expect(await raw(bed.port, GET)).toMatch('HTTP/1.1 200 OK\r\n')
    await bed.close()
  })

  it.each(['GET', 'POST'])('of a client costs nothing: %s with a Trailer and no chunks', async (method) => {
    const bed = await answering(OK)
    const request = `${method} / HTTP/1.1\r\nHost: x\r\nTrailer: X\r\nConnection: close\r\n\r\n`
    expect(await raw(bed.port, request)).toMatch('HTTP/1.1 200 OK\r\n')
    expect(bed.asked[0]).not.toMatch(/trailer/i)
    await bed.close()
  })

  it('passes bytes above 127 as they came, in both directions', async () => {
    const bed = await answering(
      'HTTP/1.1 200 \u00e9t\u00e9\r\nX-City: Z\u00c3\u00bcrich\r\nContent-Length: 2\r\n\r\n{}',
    )
    const request = GET.replace('Host: x', 'Host: x\r\nMcp-Name: Z\u00c3\u00bcrich \u00e9')
    const answer = await raw(bed.port, request)
    expect(bed.asked[0]).toContain('Mcp-Name: Z\u00c3\u00bcrich \u00e9\r\n')
    expect(answer).toContain('HTTP/1.1 200 \u00e9t\u00e9\r\n')
    expect(answer).toContain('X-City: Z\u00c3\u00bcrich\r\n')
    await bed.close()
  })
})

describe('a call that its client dresses up', () => {
  const CALL = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'pay', arguments: { to: 'x' } },
  })
  const ANSWER = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'paid' }] } }
  /** As frameworks do: whatever type, in the charset that it names. */
  const lenient = () => {
    const app = express().use(express.json({ type: () => true, limit: '1mb' }))
    app.post('/mcp', (request, response) => void response.json({ ...ANSWER, id: request.body.id }))
    return app
  }

  it.each([
    ['under another type', { 'content-type': 'text/plain;a=application/json' }, Buffer.from(CALL)],
    ['under no type', {}, Buffer.from(CALL)],
    ['in UTF-16', { 'content-type': 'application/json; charset=utf-16' }, Buffer.from(`\ufeff${CALL}`, 'utf16le')],
    ['behind a byte order mark', { 'content-type': 'application/json' }, Buffer.from(`\ufeff${CALL}`)],
  ])('is told: %s', async (_, headers, body) => {
    const { proxy, sink } = await behind(lenient(), { holdMs: 0 })
    const answer = await fetch(`${proxy.url}/mcp`, { method: 'POST', headers: headers as Record<string, string>, body })
    expect(await answer.json()).toEqual(ANSWER)
    await expect.poll(() => sink.events.map(({ eventType }) => eventType)).toContain('tool.result')
    expect(sink.events.find(({ eventType }) => eventType === 'tool.call')).toMatchObject({ toolName: 'pay' })
  })

  it('is counted as unread where it is in a charset that nobody needs', async () => {
    const { proxy, sink } = await behind(lenient(), { holdMs: 0 })
    const body = CALL.replaceAll('{', '+AHs-').replaceAll('}', '+AH0-').replaceAll('"', '+ACI-')
    const headers = { 'content-type': 'application/json; charset=utf-7' }
    const answer = await fetch(`${proxy.url}/mcp`, { method: 'POST', headers, body })
    expect(await answer.json()).toEqual(ANSWER)
    await expect
      .poll(() => sink.events.find(({ eventType }) => eventType === 'auditd.error'))
      .toMatchObject({ message: 'proxy: client: 1 messages passed unread: charset not readable' })
  })

  it.each([
    ['a call without its version member', { id: 1, method: 'tools/call', params: { name: 'pay' } }, 'tool.call'],
    ['a batch too long to be told', Array.from({ length: 1_001 }, () => JSON.parse(CALL)), 'auditd.error'],
  ])('never passes unnoticed: %s', async (_, body, eventType) => {
    const { proxy, sink } = await behind(lenient(), { holdMs: 0 })
    const headers = { 'content-type': 'application/json' }
    await (await fetch(`${proxy.url}/mcp`, { method: 'POST', headers, body: JSON.stringify(body) })).text()
    await expect.poll(() => sink.events.map((event) => event.eventType)).toContain(eventType)
  })

  it('keeps no copy of what does not begin like JSON', async () => {
    const { proxy, sink } = await behind((request, response) => {
      void textOf(request).then((body) => response.end(String(body.length)))
    })
    const answer = await fetch(`${proxy.url}/upload`, {
      method: 'POST',
      headers: { 'content-type': 'x/y' },
      body: 'a'.repeat(1_000_000),
    })
    expect(await answer.text()).toBe('1000000')
    expect(proxy.copies.peak).toBeLessThan(1_000_000)
    expect(sink.events.filter(({ eventType }) => eventType === 'auditd.error')).toEqual([])
  })
})

it('is not started in front of itself', async () => {
  const options = { sink: memorySink(), port: 18_080, host: '0.0.0.0' }
  await expect(startProxy({ ...options, target: 'http://localhost:18080' })).rejects.toThrow('is the proxy itself')
})
