/** The syslog target against a strict receiver over real TLS: framing, CEF, certificates, and receivers that die at every moment. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { SocketAddress } from '../../../../../connectors/webhook/syslog/closing-socket.ts'
import { syslogMessage } from '../../../../../connectors/webhook/syslog/syslog-message.ts'
import syslog, { syslogTarget } from '../../../../../connectors/webhook/targets/syslog.ts'
import type { Alert } from '../../../../../schemas/alert.ts'
import type { Exchange } from '../../../../../schemas/ports.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { FakeSyslog } from '../../../../fakes/syslog.ts'
import { parseCef, parseSyslog } from '../../../../fakes/syslog-messages.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const exchange = { signal: new AbortController().signal } as Exchange
const FORM = { facility: 13, format: 'cef', hostname: 'audit.example' } as const
async function started(options: Parameters<typeof FakeSyslog.start>[0] = {}, more: Partial<SocketAddress> = {}) {
  const fake = await FakeSyslog.start(options)
  closing.push(() => fake.close())
  const tls = options.tls ?? true
  const ca = tls ? { ca: fake.ca.cert } : {}
  const to: SocketAddress = { host: 'localhost', port: fake.port, tls, ...ca, allowPrivate: true, graceMs: 20, ...more }
  return { fake, target: syslogTarget('syslog', { ...FORM, to }) }
}
const id = (at: number) => at.toString(16).padStart(32, '0')
const deliveries = (count: number, more: Partial<Alert> = {}) =>
  Array.from({ length: count }, (_, at) => sampleDelivery('syslog', sampleAlert({ alertId: id(at), ...more })))
const read = (alert: Alert, format: 'cef' | 'json' = 'cef') =>
  parseSyslog(Buffer.from(syslogMessage(alert, `${alert.alertId}-1`, { ...FORM, format })))

describe('the syslog target', () => {
  it('sends RFC 5424 messages with CEF over TLS, several in one connection', async () => {
    const { fake, target } = await started()
    expect(await target.deliver(deliveries(3), exchange)).toEqual(Array(3).fill({ kind: 'delivered' }))
    expect(fake.refusals).toEqual([])
    expect([fake.connections, fake.messages.length]).toEqual([1, 3])
    const [first] = fake.messages
    expect(first).toMatchObject({ priority: 13 * 8 + 2, hostname: 'audit.example', appName: 'mcp-auditd' })
    expect(first!.timestamp).toBe('2026-10-01T10:06:00Z')
    expect(first!.cef!.header).toEqual([
      ...['CEF:0', 'mcp-auditd', 'mcp-auditd', '0.1.0', 'tok-001-audience-mismatch'],
      ...['Token audience mismatch: alice on files', '10'],
    ])
    expect(Object.fromEntries(first!.cef!.extension)).toMatchObject({
      rt: String(Date.parse('2026-10-01T10:06:00Z')),
      externalId: `${id(0)}-1`,
      suid: 'alice',
      act: 'allow',
      cs1Label: 'Tool',
      cs1: 'read_file',
    })
  })
  it('a decision is told with who, why and when', () => {
    const decided = { status: 'acknowledged', revision: 2, owner: 'maria', statusReason: 'a=b|c' } as const
    const message = read(sampleAlert({ ...decided, statusAt: '2026-10-01T11:00:00Z' }))
    expect(message.timestamp).toBe('2026-10-01T11:00:00Z')
    const { extension } = parseCef(message.text)
    expect(extension.get('msg')).toBe('Token audience mismatch: alice on files; By: maria; Reason: a=b|c')
    expect(extension.get('cat')).toBe('alert acknowledged')
    expect(extension.get('rt')).toBe(String(Date.parse('2026-10-01T11:00:00Z')))
  })
  it('JSON is the other form, over plain TCP to loopback', async () => {
    const { fake } = await started({ tls: false })
    const to = { host: '127.0.0.1', port: fake.port, tls: false, allowPrivate: true }
    const target = syslogTarget('syslog', { ...FORM, format: 'json', to })
    await target.deliver(deliveries(1), exchange)
    expect(JSON.parse(fake.messages[0]!.text)).toMatchObject({ uid: `${id(0)}-1`, server: 'files', count: 2 })
  })
  it.each(['cef', 'json'] as const)('hostile text stays in its field (%s)', (format) => {
    const breakout = `x" y="z"] [evil@1 a="b"] |10|suser=root act=none\\ ${HOSTILE}`
    const message = read(sampleAlert({ title: breakout, rule: breakout, tenant: breakout, saw: breakout }), format)
    expect([...message.data.keys()]).toEqual(['mcpAuditd@32473'])
    expect(message.data.get('mcpAuditd@32473')!.get('tenant')).toContain('x" y="z"] [evil@1 a="b"]')
    if (format === 'json') return
    const { header, extension } = parseCef(message.text)
    expect(header[5]).toContain('|10|suser=root')
    expect(extension.get('suser')).toBe('alice')
    expect(extension.get('cs3')).toContain('act=none\\')
  })
  it.each(['cef', 'json'] as const)(
    'the largest alert is cut to 8,192 bytes, whatever it is made of (%s)',
    (format) => {
      for (const piece of ['=', '\\', '|', ']', '"', '\u0000', '\u{1f600}', 'ß', '\ud800']) {
        const text = piece.repeat(20_000)
        const large = sampleAlert({
          ...Object.fromEntries(['title', 'saw', 'expected', 'entity', 'toolName', 'rule'].map((key) => [key, text])),
          ...Object.fromEntries(
            ['principalKey', 'clientKey', 'serverId', 'tenant', 'severityReason'].map((key) => [key, text]),
          ),
          evidence: { [text]: [text, text] },
          refs: Array(50).fill(text) as string[],
          triage: Array(50).fill(text) as string[],
        })
        const message = read(large, format)
        expect(message.text).toContain('characters)')
        if (format === 'cef') parseCef(message.text)
        else JSON.parse(message.text)
      }
    },
  )

  it.each(['refuse', 'reset', 'deaf', 'read-then-reset'] as const)(
    'nothing is delivered when the receiver answers the connection with %s',
    async (fault) => {
      const { fake, target } = await started({}, { deadlineMs: 600 })
      fake.fault = fault
      await expect(target.deliver(deliveries(2), exchange)).rejects.toMatchObject({ code: 'target_failed' })
      fake.fault = undefined
      expect(await target.deliver(deliveries(2), exchange)).toHaveLength(2)
      expect(fake.uids.size).toBe(2)
    },
  )
  it('a receiver that ends the connection before we do has read nothing for certain', async () => {
    const { fake, target } = await started({}, { graceMs: 60_000 })
    fake.fault = 'close'
    await expect(target.deliver(deliveries(1), exchange)).rejects.toThrow('EPIPE')
  })
  it('bytes that only lie in the buffer of a receiver that then dies are not delivered', async () => {
    const accepted: Socket[] = []
    // Its process reads nothing: what arrives stays in the kernel, which resets the connection when the process is gone.
    const server = createServer({ pauseOnConnect: true }, (socket) => void accepted.push(socket))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    closing.push(() => void server.close())
    const { port } = server.address() as AddressInfo
    const to = { host: '127.0.0.1', port, tls: false, allowPrivate: true }
    const sent = syslogTarget('syslog', { ...FORM, to }).deliver(deliveries(2), exchange)
    const outcome = sent.catch((error: unknown) => error)
    while (accepted.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 300))
    for (const socket of accepted) socket.destroy()
    expect(await outcome).toMatchObject({ code: 'target_failed', message: expect.stringContaining('ECONNRESET') })
  })
  it('a stop ends the exchange', async () => {
    const { fake, target } = await started()
    fake.fault = 'deaf'
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 50)
    await expect(target.deliver(deliveries(1), { ...exchange, signal: stop.signal })).rejects.toThrow('stopped')
  })

  it.each([
    ['is expired', { expired: true }, {}],
    ['is for another name', { name: 'other.example' }, {}],
    ['is of an authority nobody trusts', {}, { ca: undefined as unknown as string }],
  ])('a certificate that %s is refused', async (_, options, more) => {
    const { fake, target } = await started(options, more)
    await expect(target.deliver(deliveries(1), exchange)).rejects.toMatchObject({ code: 'target_failed' })
    expect(fake.messages).toHaveLength(0)
  })
  it('a name that resolves to a private address is refused before any connection, unless that is allowed', async () => {
    const { fake, target } = await started({}, { allowPrivate: false, resolve: async () => ['127.0.0.1'] })
    await expect(target.deliver(deliveries(1), exchange)).rejects.toMatchObject({ code: 'address_denied' })
    const open = await started({ tls: false }, { host: 'siem', resolve: async () => ['10.255.255.1'] })
    await expect(open.target.deliver(deliveries(1), exchange)).rejects.toThrow('without TLS')
    expect([fake.connections, open.fake.connections]).toEqual([0, 0])
  })
  it.each([
    [{ address: '10.0.0.1:6514' }, false, 'targets.s.address'],
    [{ address: 'siem.example:514', tls: false }, true, 'targets.s.tls'],
    [{ address: '10.0.0.1:514', tls: false }, true, 'targets.s.tls'],
    [{ address: 'siem.example:70000' }, true, 'targets.s.address'],
    [{ address: 'siem.example:6514', ca: '/nowhere.pem' }, true, 'targets.s.ca'],
  ])('the configuration %j is refused, naming the field', async (more, allowPrivate, field) => {
    const config = targetConfig.parse({ type: 'syslog', ...more }) as Parameters<typeof syslog.create>[1]
    const settings = { secret: async () => '', allowPrivate }
    await expect(syslog.create('s', config, settings)).rejects.toThrow(field)
  })
  it('trusts the certificates of a file', async () => {
    const { fake } = await started()
    const folder = mkdtempSync(join(tmpdir(), 'mcp-auditd-syslog-'))
    closing.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'ca.pem'), fake.ca.cert)
    const config = { type: 'syslog', address: `localhost:${fake.port}`, ca: join(folder, 'ca.pem') }
    const target = await syslog.create('s', targetConfig.parse(config) as Parameters<typeof syslog.create>[1], {
      secret: async () => '',
      allowPrivate: true,
    })
    expect(await target.deliver(deliveries(1), exchange)).toEqual([{ kind: 'delivered' }])
  })
})
