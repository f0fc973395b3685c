/** `mcp-auditd wrap` around real programs: the same signals and endings as without it, and the events of what passed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  beginTest,
  endBed,
  endOf,
  endTest,
  env,
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
  it('a grandchild that keeps the output open is not waited for, and what it says until then arrives', async () => {
    const child = runWrapped('sh', '-c', 'sleep 30 2>/dev/null & echo early; exit 4')
    const [words, ending] = await Promise.all([text(child.stdout), endOf(child)])
    expect([words, ...ending]).toEqual(['early\n', 4, null])
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
    const given = {
      ...env(),
      MCP_AUDIT_KEY: 'ab'.repeat(32),
      MCP_AUDIT_OTLP_TOKEN: 'env:TOKEN_KEY',
      TOKEN_KEY: 'x',
      OTHER: '1',
    }
    const child = spawn(process.execPath, wrapped(...odd('environment')), { env: given })
    const seen = JSON.parse(await text(child.stdout)) as string[]
    expect(seen).toEqual(expect.arrayContaining(['OTHER', 'PATH', 'MCP_AUDIT_OTLP_ENDPOINT']) as string[])
    expect(seen.filter((name) => /KEY|TOKEN|THREADPOOL/.test(name))).toEqual([])
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
    expect(refused()).toEqual([])
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
    expect(refused()).toEqual([])
  })
})
