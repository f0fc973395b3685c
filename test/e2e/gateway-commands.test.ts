/** `wrap` and `proxy` as commands: where their events go, what is refused, and how they end. */
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type OtlpListener, startOtlpListener } from '../scenarios/otlp-listener.ts'
import { type Running, run, start } from '../unit/cli/command-line.ts'
import { gate, sessionsV1 } from './proxy-servers.ts'

let listener: OtlpListener
const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
const running: Running[] = []
beforeAll(async () => {
  listener = await startOtlpListener()
})
afterEach(() => {
  for (const { child } of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
})
afterAll(async () => {
  await listener.close()
  rmSync(folder, { recursive: true, maxRetries: 3 })
})
const of = (serverId: string, type: string) =>
  listener.events.filter((event) => event.serverId === serverId && event.eventType === type)

describe('proxy', () => {
  it('says where it listens, passes requests on, delivers its events and ends with 0', async () => {
    const server = await sessionsV1(gate(), { json: true })
    try {
      const args = ['--target', server.url, '--listen', '127.0.0.1:0', '--otlp', listener.url, '--server-id', 'fronted']
      const proxy = start(['proxy', ...args])
      running.push(proxy)
      const [line] = (await once(proxy.child.stderr!, 'data')) as [Buffer]
      const url = /^mcp-auditd proxy: (http:\/\/127\.0\.0\.1:\d+) for /.exec(line.toString())![1]!
      const answer = await fetch(`${url}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'initialize',
          params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
        }),
      })
      expect(await answer.json()).toMatchObject({ id: 1, result: { serverInfo: { name: 'orders' } } })
      proxy.child.kill('SIGTERM')
      expect((await proxy.ended).code).toBe(0)
      expect(of('fronted', 'session.created')).toHaveLength(1)
      expect(of('fronted', 'server.stopped')).toMatchObject([{ reason: 'the proxy ended', serverName: 'orders' }])
    } finally {
      await server.close()
    }
  })
  it.each([
    [['--target', 'mcp.example', '--listen', '127.0.0.1:0'], 2, 'proxy: --target: must be an http or https URL'],
    [['--target', 'http://a', '--listen', '80'], 2, 'proxy: --listen: must be HOST:PORT'],
    [
      ['--target', 'http://a', '--listen', '127.0.0.1:0', '--tls-cert', 'x'],
      2,
      'proxy: --tls-key: certificate and key come together',
    ],
    [['--target', 'http://a', '--listen', '203.0.113.1:0'], 78, 'proxy: --listen: EADDRNOTAVAIL'],
    [
      ['--target', 'http://a', '--listen', '127.0.0.1:0', '--otlp', 'a:1'],
      2,
      'proxy: --otlp: must be an http or https URL',
    ],
  ])('%j ends with %i', async (args, code, message) => {
    const ended = await run(['proxy', ...args])
    expect([ended.code, ended.stdout, ended.stderr.trim()]).toEqual([code, '', message])
  })
})

describe('wrap', () => {
  it('refuses before it starts anything', async () => {
    const mark = join(folder, 'started')
    const ended = await run(['wrap', '--kafka', 'nowhere', '--', 'touch', mark])
    expect([ended.code, ended.stderr.trim()]).toEqual([2, 'wrap: --kafka: nowhere: must be HOST:PORT'])
    expect(existsSync(mark)).toBe(false)
    expect((await run(['wrap'])).code).toBe(2)
  })
  it('keeps in its spool what nobody takes, and delivers it at its next start', async () => {
    const spool = join(folder, 'spool')
    const wrap = (otlp: string) =>
      run(['wrap', '--verbose', '--spool', spool, '--server-id', 'spooled', '--otlp', otlp, '--', 'true'])
    const [lost] = [await wrap('http://127.0.0.1:9')]
    expect([lost.code, lost.stderr]).toEqual([0, expect.stringContaining(' 0 delivered, 0 lost')])
    expect(of('spooled', 'server.spawned')).toHaveLength(0)
    expect((await wrap(listener.url)).code).toBe(0)
    expect(of('spooled', 'server.spawned')).toHaveLength(2)
    expect(of('spooled', 'server.stopped')).toHaveLength(2)
    expect(listener.refused).toEqual([])
  })
})
