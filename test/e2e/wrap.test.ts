/** `mcp-auditd wrap` around real programs: the same bytes, signals and endings as without it, and the events of what passed. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type OtlpListener, startOtlpListener } from '../scenarios/otlp-listener.ts'

const MAIN = join(import.meta.dirname, '../../cli/main.ts')
const ODD = join(import.meta.dirname, 'wrap-odd-server.ts')
const everything = import.meta.resolve('@modelcontextprotocol/server-everything/dist/index.js').replace('file://', '')

let listener: OtlpListener
beforeAll(async () => {
  listener = await startOtlpListener()
})
afterAll(() => listener.close())
/** One for each test: what an earlier one left behind may still speak. */
let serverId = ''
let tests = 0
beforeEach(() => {
  serverId = `wrapped-${tests++}`
})
const of = (type: string) =>
  listener.events.filter((event) => event.eventType === type && event.serverId === serverId) as unknown as Readonly<
    Record<string, unknown>
  >[]

const env = (otlp = listener.url) => ({
  PATH: process.env['PATH'] ?? '',
  MCP_AUDIT_OTLP_ENDPOINT: otlp,
  MCP_AUDIT_SERVER_ID: serverId,
})
const wrapped = (...argv: string[]) => [MAIN, 'wrap', '--', ...argv]
const odd = (...words: string[]) => [process.execPath, ODD, ...words]

const running = new Set<ChildProcessWithoutNullStreams>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})
function run(argv: readonly string[], otlp?: string): ChildProcessWithoutNullStreams {
  const child = spawn(argv[0]!, argv.slice(1), { env: env(otlp) })
  running.add(child)
  child.stdin.on('error', () => undefined)
  return child
}
const runWrapped = (...argv: string[]) => run([process.execPath, ...wrapped(...argv)])
const endOf = async (child: ChildProcessWithoutNullStreams): Promise<[number | null, string | null]> =>
  (await once(child, 'close')) as [number | null, string | null]

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
    expect(listener.refused).toEqual([])
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

describe('the ending', () => {
  it.each([
    ['exit 0', 0, null],
    ['exit 3', 3, null],
    ['kill SIGKILL', null, 'SIGKILL'],
    ['kill SIGTERM', null, 'SIGTERM'],
    ['kill SIGABRT', null, 'SIGABRT'],
  ])('%s of the server is that of wrap, and its last words arrive', async (how, code, signal) => {
    const child = runWrapped(...odd('end', how))
    const [words, ending] = await Promise.all([text(child.stdout), endOf(child)])
    expect([words, ...ending]).toEqual(['last words', code, signal])
    expect(of('server.stopped')[0]).toMatchObject({ reason: how.replace('kill ', '') })
  })
  it('signals reach the server, and what it makes of them is passed on', async () => {
    const child = runWrapped(...odd('signals'))
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk
    })
    const saw = (words: string) => expect.poll(() => said, { timeout: 20_000 }).toBe(words)
    await saw('ready\n')
    child.kill('SIGINT')
    await saw('ready\nSIGINT\n')
    child.kill('SIGHUP')
    await saw('ready\nSIGINT\nSIGHUP\n')
    child.kill('SIGUSR2')
    await saw('ready\nSIGINT\nSIGHUP\nSIGUSR2\n')
    child.kill('SIGTERM')
    expect(await endOf(child)).toEqual([7, null])
  })
  it('a wrap that is killed leaves no server behind', async () => {
    const child = runWrapped(...odd('wait'))
    const [first] = (await once(child.stdout, 'data')) as [Buffer]
    const pid = Number(first.toString())
    expect(pid).toBeGreaterThan(0)
    child.kill('SIGKILL')
    await endOf(child)
    const isAlive = () => {
      try {
        return process.kill(pid, 0)
      } catch {
        return false
      }
    }
    await expect.poll(isAlive, { timeout: 20_000 }).toBe(false)
  })
  it.each([
    [['no-such-program-anywhere'], 127, 'mcp-auditd wrap: no-such-program-anywhere: command not found\n'],
    [['/etc/passwd'], 126, 'mcp-auditd wrap: /etc/passwd: permission denied\n'],
  ])('%j ends with the code of a shell and one line', async (argv, code, line) => {
    const child = runWrapped(...argv)
    expect([await text(child.stderr), await text(child.stdout), ...(await endOf(child))]).toEqual([
      line,
      '',
      code,
      null,
    ])
    expect(of('server.stopped')).toMatchObject([{ reason: 'not started' }])
  })
  it('a collector that does not answer changes no exit code', async () => {
    const child = run([process.execPath, ...wrapped(...odd('end', 'exit 5'))], 'http://127.0.0.1:9')
    expect([await text(child.stderr), await text(child.stdout), ...(await endOf(child))]).toEqual([
      '',
      'last words',
      5,
      null,
    ])
  })
  it('the server sees the environment as it is, without the secrets of the audit', async () => {
    const given = { ...env(), MCP_AUDIT_KEY: 'ab'.repeat(32), MCP_AUDIT_OTLP_HEADERS: 'authorization=x', OTHER: '1' }
    const child = spawn(process.execPath, wrapped(...odd('environment')), { env: given })
    const seen = JSON.parse(await text(child.stdout)) as string[]
    expect(seen).toEqual(expect.arrayContaining(['OTHER', 'PATH', 'MCP_AUDIT_OTLP_ENDPOINT']) as string[])
    expect(seen.filter((name) => /KEY|HEADERS|THREADPOOL/.test(name))).toEqual([])
  })
})

describe('the events', () => {
  const command = (...argv: string[]) => ({ command: process.execPath, args: wrapped(...argv), env: env() })

  it('a client of SDK v1 and a server nobody touched give one call and one result per call', async () => {
    const client = new ClientV1({ name: 'wrapper', version: '1' })
    await client.connect(new StdioClientTransport(command(process.execPath, everything, 'stdio')) as never)
    await client.listTools()
    for (let at = 0; at < 3; at++) await client.callTool({ name: 'echo', arguments: { message: `${at}` } })
    await client.close()
    await expect.poll(() => of('server.stopped').length, { timeout: 20_000 }).toBe(1)
    expect(of('tool.call')).toHaveLength(3)
    expect(of('tool.result').map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok'])
    expect(of('tool.call')[0]).toMatchObject({
      serverName: 'mcp-servers/everything',
      vantage: 'gateway',
      transport: 'stdio',
      era: 'legacy',
      clientName: 'wrapper',
      toolName: 'echo',
      flags: ['no_principal'],
    })
    expect(of('tool.call').every(({ definitionHash }) => /^[0-9a-f]{64}$/.test(String(definitionHash)))).toBe(true)
    expect(of('server.spawned')).toMatchObject([{ launcher: 'wrap', argumentClasses: [] }])
    expect(of('tools.registry')).toMatchObject([{ registrySource: 'list', era: 'legacy' }])
    expect(of('server.started')).toHaveLength(1)
    expect(of('server.identity')).toHaveLength(1)
    expect(listener.refused).toEqual([])
  })
  it('the modern era is read as such', async () => {
    const client = new ClientV2({ name: 'wrapper', version: '2' }, { versionNegotiation: { mode: 'auto' } })
    const server = join(import.meta.dirname, 'wrap-modern-server.ts')
    await client.connect(new StdioClientV2(command(process.execPath, server)))
    await client.listTools()
    await client.callTool({ name: 'echo', arguments: { text: 'x' } })
    await client.callTool({ name: 'crash', arguments: {} }).catch(() => undefined)
    await client.close()
    // This client asks a first process for what it can, and starts a second one for its work.
    await expect.poll(() => of('server.stopped').length, { timeout: 20_000 }).toBe(2)
    expect(of('server.stopped').map(({ reason }) => reason)).toEqual(['SIGTERM', 'exit 9'])
    expect(of('tool.call').map(({ era, protocolVersion }) => [era, protocolVersion])).toEqual([
      ['modern', '2026-07-28'],
      ['modern', '2026-07-28'],
    ])
    expect(of('tool.result').map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
      ['ok', undefined],
      ['cancelled', 'connection_closed'],
    ])
    expect(of('tools.registry')).toMatchObject([{ era: 'modern' }])
    expect(listener.refused).toEqual([])
  })
})
