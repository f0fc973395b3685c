/** The OTLP exporter against a server that answers as receivers do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { OtlpAuditExporter } from '../../../../collector/instrument/delivery/otlp-exporter.ts'

const part = (size: number, count = 1) => ({
  serverId: 's',
  producerId: 'p',
  count,
  bytes: new Uint8Array(size).fill(7),
})
const batchOf = (...parts: ReturnType<typeof part>[]) => ({
  parts,
  count: parts.reduce((sum, { count }) => sum + count, 0),
})

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
async function receiver(answer: (body: Buffer, response: ServerResponse, request: IncomingMessage) => void) {
  const seen: { body: Buffer; request: IncomingMessage }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request
      .on('data', (chunk) => chunks.push(chunk))
      .on('end', () => {
        const raw = Buffer.concat(chunks)
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
        seen.push({ body, request })
        answer(body, response, request)
      })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const exporter = new OtlpAuditExporter({ url, headers: { authorization: 'Bearer of-the-producer' }, timeoutMs: 200 })
  ends.unshift(() => exporter.shutdown())
  return { exporter, seen, url }
}

describe('OtlpAuditExporter', () => {
  it('posts protobuf to /v1/logs with its headers, compressed when it is worth it', async () => {
    const { exporter, seen } = await receiver((_, response) => response.writeHead(200).end())
    expect(await exporter.export(batchOf(part(10)))).toEqual({ kind: 'sent', rejected: 0 })
    expect(await exporter.export(batchOf(part(5_000), part(5_000)))).toEqual({ kind: 'sent', rejected: 0 })
    expect(
      seen.map(({ body, request }) => [request.url, request.method, request.headers['content-encoding'], body.length]),
    ).toEqual([
      ['/v1/logs', 'POST', undefined, 10],
      ['/v1/logs', 'POST', 'gzip', 10_000],
    ])
    expect(seen[0]!.request.headers).toMatchObject({
      authorization: 'Bearer of-the-producer',
      'content-type': 'application/x-protobuf',
    })
  })
  it('reads its token from where it is kept, and again when the receiver takes it no more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'otlp-token-'))
    ends.push(async () => rmSync(folder, { recursive: true }))
    let accepted = 'Bearer first'
    const { url, seen } = await receiver((_, response, request) =>
      response.writeHead(request.headers.authorization === accepted ? 200 : 401).end(),
    )
    const exporter = new OtlpAuditExporter({ url, token: `file:${join(folder, 'token')}` })
    ends.unshift(() => exporter.shutdown())
    expect(await exporter.export(batchOf(part(1)))).toMatchObject({
      kind: 'retry',
      reason: expect.stringContaining('instrument: token: file:'),
    })
    writeFileSync(join(folder, 'token'), 'first\n', { mode: 0o600 })
    expect(await exporter.export(batchOf(part(1)))).toMatchObject({ kind: 'sent' })
    accepted = 'Bearer second'
    writeFileSync(join(folder, 'token'), 'second\n')
    expect(await exporter.export(batchOf(part(1)))).toMatchObject({ kind: 'retry' })
    expect(await exporter.export(batchOf(part(1)))).toMatchObject({ kind: 'sent' })
    expect(seen).toHaveLength(3)
  })
  it('counts what a partial success rejected', async () => {
    const { exporter } = await receiver((_, response) =>
      response.writeHead(200).end(Buffer.from([0x0a, 0x03, 0x08, 0xac, 0x02])),
    )
    expect(await exporter.export(batchOf(part(10, 400)))).toEqual({ kind: 'sent', rejected: 300 })
  })
  it.each([401, 403, 404, 408, 429, 500, 502, 503])('keeps the events when the receiver answers %i', async (status) => {
    const { exporter } = await receiver((_, response) => response.writeHead(status, { 'retry-after': '2' }).end())
    expect(await exporter.export(batchOf(part(10)))).toEqual({
      kind: 'retry',
      reason: `receiver answered ${status}`,
      afterMs: 2_000,
    })
  })
  it('keeps the events when there is nobody, no answer or half an answer', async () => {
    const nobody = new OtlpAuditExporter({ url: 'http://127.0.0.1:1', timeoutMs: 200 })
    expect(await nobody.export(batchOf(part(10)))).toMatchObject({ kind: 'retry' })
    const { exporter } = await receiver(() => undefined)
    expect(await exporter.export(batchOf(part(10)))).toEqual({
      kind: 'retry',
      reason: expect.stringMatching(/^timeout at 127\.0\.0\.1:\d+$/),
    })
    const torn = await receiver((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      setTimeout(() => response.destroy(), 10)
    })
    expect(await torn.exporter.export(batchOf(part(10)))).toMatchObject({ kind: 'retry' })
    await nobody.shutdown()
  })
  it('gives up only the part that is refused, not its neighbours', async () => {
    const { exporter, seen } = await receiver((body, response) =>
      response.writeHead(body.length >= 900 ? 413 : 200).end(),
    )
    expect(await exporter.export(batchOf(part(100, 3), part(900, 5)))).toEqual({ kind: 'sent', rejected: 5 })
    expect(seen).toHaveLength(3)
    expect(await exporter.export(batchOf(part(950, 2)))).toEqual({ kind: 'refused', reason: 'receiver answered 413' })
  })
  it('gives up an answer that comes byte by byte for ever', async () => {
    const { exporter } = await receiver((_, response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drip))
    })
    expect(await exporter.export(batchOf(part(10)))).toMatchObject({ kind: 'retry' })
  })
  it('waits five minutes at most, whatever Retry-After says', async () => {
    const { exporter } = await receiver((_, response) => response.writeHead(429, { 'retry-after': '99999999' }).end())
    expect(await exporter.export(batchOf(part(10)))).toMatchObject({ kind: 'retry', afterMs: 300_000 })
  })
})
