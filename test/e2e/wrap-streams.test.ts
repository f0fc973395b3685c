/** The streams through `mcp-auditd wrap`: the same bytes in both directions, and no faster than the slower side. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  beginTest,
  endBed,
  endOf,
  endTest,
  everything,
  odd,
  of,
  refused,
  run,
  runWrapped,
  startBed,
  wrapped,
} from './wrap-bed.ts'

beforeAll(startBed)
afterAll(endBed)
beforeEach(beginTest)
afterEach(endTest)

async function digestOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  const digest = createHash('sha256')
  let bytes = 0
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    digest.update(chunk)
    bytes += chunk.length
  }
  return `${bytes} ${digest.digest('hex')}`
}

/** One request after the other, each after the answer to the one before: the server has no choice of order. */
async function session(argv: readonly string[]): Promise<{ readonly sent: string; readonly received: string }> {
  const child = run(argv)
  const ask = (id: number, method: string, params: object) => JSON.stringify({ jsonrpc: '2.0', id, method, params })
  const script = [
    ask(1, 'initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'recorded', version: '1' },
    }),
    ask(2, 'tools/list', {}),
    ask(3, 'tools/call', { name: 'echo', arguments: { message: 'grüße \u2028 \ud83d\ude00' } }),
    ask(4, 'tools/call', { name: 'get-sum', arguments: { a: 1, b: 'two' } }),
    ask(5, 'tools/call', { name: 'nobody', arguments: {} }),
    ask(6, 'resources/list', {}),
    ask(7, 'prompts/get', { name: 'simple-prompt' }),
    ask(8, 'unknown/method', {}),
    ask(9, 'ping', {}),
  ]
  let received = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk
  })
  for (const [at, line] of script.entries()) {
    child.stdin.write(`${line}\n`)
    if (at === 0) child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\r\n')
    await expect.poll(() => new RegExp(`"id":${at + 1}[,}]`).test(received), { timeout: 20_000 }).toBe(true)
  }
  child.stdin.end()
  await endOf(child)
  return { sent: script.join('\n'), received }
}

describe('the streams', () => {
  it('a recorded session with server-everything has the same bytes with and without wrap', async () => {
    const plain = await session([process.execPath, everything, 'stdio'])
    const through = await session([process.execPath, ...wrapped(process.execPath, everything, 'stdio')])
    expect(plain.received.split('\n').length).toBeGreaterThan(9)
    expect(through).toEqual(plain)
    expect(of('tool.call')).toHaveLength(3)
  })
  it('100 MB lines, partial lines, CRLF, invalid UTF-8, batches and prose pass as they are, both ways', async () => {
    const input = Buffer.concat([
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"a"}\r\n[{"jsonrpc":"2.0","id":2,"method":"b"}]\nno json\n'),
      Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 256)),
    ])
    const results = []
    for (const argv of [odd('odd'), [process.execPath, ...wrapped(...odd('odd'))]]) {
      const child = run(argv)
      const digest = digestOf(child)
      child.stdin.end(input)
      results.push([await digest, ...(await endOf(child))])
    }
    expect(results[1]).toEqual(results[0])
    expect(Number(String(results[0]![0]).split(' ')[0])).toBeGreaterThan(100 * 1_048_576)
    const told = of('auditd.error').map(({ code, component }) => [code, component])
    expect(told).toContainEqual(['event_too_large', 'wrap'])
    expect(told).toContainEqual(['unreadable', 'wrap'])
    expect(refused()).toEqual([])
  })
  it('a client that does not read stops the server, and gets everything once it does', async () => {
    const CHUNKS = 2_000
    const child = runWrapped(...odd('flood', String(CHUNKS)))
    let written = 0
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      written = Number(chunk.trim().split('\n').at(-1))
    })
    // Node reads ahead until its buffer is full; from then on nobody reads.
    child.stdout.pause()
    await expect.poll(() => written, { timeout: 20_000 }).toBeGreaterThan(0)
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
    expect(written * 16_384).toBeLessThan(2 * 1_048_576)
    expect(await digestOf(child)).toMatch(new RegExp(`^${CHUNKS * 16_384} `))
  })
  it('a server that does not read stops the client', async () => {
    const child = runWrapped(...odd('deaf'))
    await once(child.stderr, 'data')
    const chunk = Buffer.alloc(1_048_576, 'x')
    let accepted = 0
    const push = (): void => {
      if (accepted >= 64) return
      child.stdin.write(chunk, () => {
        accepted++
        push()
      })
    }
    push()
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
    expect(accepted).toBeLessThan(8)
  })
  it('an answer passes although the client has not read the one before and the server is being written to', async () => {
    const child = runWrapped(...odd('odd'))
    child.stdout.pause()
    let isTaken = false
    // Far more than pipes hold: it only passes when both directions move on their own.
    child.stdin.write(Buffer.alloc(4 * 1_048_576, 'y'), () => {
      isTaken = true
    })
    await expect.poll(() => isTaken, { timeout: 20_000 }).toBe(true)
  })
  it('a server that closes its output is seen to close it, while it goes on', async () => {
    const child = runWrapped(...odd('hush'))
    expect(await text(child.stdout)).toBe('bye\n')
    expect(child.exitCode).toBeNull()
    child.stdin.end()
    expect(await endOf(child)).toEqual([0, null])
  })
})
