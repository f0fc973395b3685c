/** An instrumented server whose keys rotate while a session goes on: no rule loses it, and none takes its owner for a stranger. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { afterEach, expect, it } from 'vitest'
import { contextFor } from '../../../../collector/instrument/audit-context.ts'
import { Exchange } from '../../../../collector/instrument/edge/exchange.ts'
import { nodeHead } from '../../../../collector/instrument/edge/http-head.ts'
import { instrumentMcpServer, memorySink, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { auditCallback, auditUpstreamRedirect } from '../../../../collector/instrument/oauth.ts'
import { createEngine } from '../../../../detectors/engine/engine.ts'
import { loadRules } from '../../../../detectors/load.ts'
import { type AuditEvent, parseEvent } from '../../../../schemas/event.ts'

const folder = mkdtempSync(join(tmpdir(), 'rotation-'))
afterEach(async () => {
  await shutdownAudit()
  rmSync(folder, { recursive: true, force: true })
})
const key = (version: string, notBefore?: string) => ({
  version,
  key: randomBytes(32).toString('hex'),
  ...(notBefore !== undefined && { notBefore }),
})

it('carries a session, its caller and its handles over a switch of keys', async () => {
  const switchAtMs = Date.now() + 400
  const path = join(folder, 'keys.json')
  writeFileSync(path, JSON.stringify([key('old'), key('new', new Date(switchAtMs).toISOString())]), { mode: 0o600 })
  const sink = memorySink()
  const server = new McpServer({ name: 'rotating', version: '1' })
  const basket = randomBytes(16).toString('hex')
  server.registerTool('open', {}, () => ({ content: [{ type: 'text', text: `your basket is ${basket}` }] }))
  server.registerTool('close', {}, () => ({ content: [] }))
  instrumentMcpServer(server, { sink, serverId: 'rotating', keys: { from: `file:${path}` } })
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  Object.assign(serverSide, { sessionId: 'a-session-of-the-transport' })
  const send = clientSide.send.bind(clientSide)
  let token = 'opaque-token-of-alice'
  clientSide.send = (message) =>
    send(message, { authInfo: { token, clientId: 'ide', scopes: [], extra: { iss: 'idp', sub: token.slice(16) } } })
  await server.connect(serverSide)
  const client = new Client({ name: 'c', version: '1' })
  await client.connect(clientSide)
  await client.callTool({ name: 'open' })
  const calls = () => sink.events.filter(({ eventType }) => eventType === 'tool.call')
  expect(calls().at(-1)).toMatchObject({ keyVersion: 'old' })
  await expect
    .poll(async () => {
      await client.callTool({ name: 'close' })
      return calls().at(-1)?.keyVersion
    })
    .toBe('new')
  const [first, last] = [calls()[0]!, calls().at(-1)!]
  expect(last.sessionFp).not.toBe(first.sessionFp)
  expect(last.formerHashes).toEqual(
    expect.arrayContaining([`${last.sessionFp}=${first.sessionFp}`, `${last.principalKey}=${first.principalKey}`]),
  )
  // Before the switch nothing of the kind is said, and every event names its key.
  expect(first.formerHashes).toBeUndefined()
  expect(new Set(sink.events.map(({ keyVersion }) => keyVersion))).toEqual(new Set(['old', 'new']))
  // Somebody else comes with what belongs to alice.
  token = 'opaque-token-of-mallory'
  await client.callTool({ name: 'close', arguments: { basket } })
  await client.close()

  const engine = createEngine(await loadRules(), { stateRows: 1_000 })
  const findings = sink.events.flatMap((event) => {
    const parsed = parseEvent(JSON.parse(JSON.stringify(event)))
    expect(parsed).toHaveProperty('event')
    return engine.apply({ ...event, tenant: 'acme' } as AuditEvent)
  })
  const stolen = findings.filter(({ rule }) => /^ses-00[12]/.test(rule))
  expect(new Set(stolen.map(({ rule }) => rule.slice(0, 7)))).toEqual(new Set(['ses-001', 'ses-002']))
  for (const { expected } of stolen) expect(expected).toBe(`principal ${first.principalKey}`)
})

it('carries a source address, and a login that is under way, over a switch of keys', async () => {
  const notBefore = new Date(Date.now() + 100).toISOString()
  const keys = { versions: [key('old'), key('new', notBefore)] }
  const sink = memorySink()
  const context = contextFor({ sink, serverId: 'addressed', keys, heartbeatMs: 0 }, '')
  const head = nodeHead({ headers: {}, socket: { remoteAddress: '192.0.2.7' } } as never, '/mcp')
  const fp = () => new Exchange(head, {}).source(context).sourceAddressFp
  const before = fp()
  const options = { sink, serverId: 'addressed' }
  auditUpstreamRedirect({ clientId: 'app', url: 'https://idp.example/authorize?state=state-of-a-login' }, options)
  await expect
    .poll(() => {
      context.keyRing.advance()
      return context.keyRing.version
    })
    .toBe('new')
  expect(fp()).toBe(context.hashes.addresses.hash('192.0.2.7'))
  expect(context.keyRing.formerOf(fp()!)).toEqual([before])
  auditCallback({ url: '/callback?code=c&state=state-of-a-login' }, options)
  expect(sink.events.at(-1)).toMatchObject({ eventType: 'oauth.callback', stateOk: true, decision: 'allow' })
})
