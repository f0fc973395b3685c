// What the rules of access and transport find in the events of real servers: the producers fill what the rules read.
import { createServer } from 'node:http'
import { createMcpExpressApp, requireBearerAuth } from '@modelcontextprotocol/express'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import express from 'express'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditDecision } from '../../collector/instrument/authz.ts'
import { auditExpress } from '../../collector/instrument/express.ts'
import { auditHttp } from '../../collector/instrument/http.ts'
import { type InstrumentOptions, instrumentMcpServer } from '../../collector/instrument/index.ts'
import { createEngine } from '../../detectors/engine/engine.ts'
import { assemble } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { RULES } from '../rule-runs.ts'
import {
  type Audit,
  atEnd,
  audit,
  bearer,
  closeAll,
  GOOD,
  listen,
  modernCall,
  modernHeaders,
  post,
  serverV1,
  serverV2,
  sessionsOfV1,
  verifierV2,
  WEAK,
} from './edge-servers.ts'

afterEach(closeAll)

const rules = assemble(RULES.filter(({ id }) => /^(scp|trn)-/.test(id)))
/** `rule severity` of everything that is found in the trail, each once. */
function found(trail: Audit): readonly string[] {
  const engine = createEngine(rules, { stateRows: 1_000 })
  const events = JSON.parse(JSON.stringify(trail.events)) as AuditEvent[]
  const findings = events.flatMap((event) => engine.apply(event))
  return [...new Set(findings.map(({ rule, severity }) => `${rule.slice(0, 7)} ${severity}`))].sort()
}

/** SDK v2 behind the checks and the bearer gate of its Express package. */
async function startV2(trail: Audit): Promise<URL> {
  const app = createMcpExpressApp()
  app.use('/mcp', requireBearerAuth({ verifier: verifierV2(trail.options) }))
  const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
  atEnd(() => handler.close())
  const serve = toNodeHandler(handler)
  app.all('/mcp', (request, response) => void serve(request as never, response as never, request.body))
  return listen(auditHttp(createServer(app), trail.options))
}
/** SDK v1, which checks neither Origin nor token unless it is told to. */
async function startV1(trail: Audit): Promise<URL> {
  const app = express()
  app.use(auditExpress(trail.options))
  app.use(express.json())
  const serve = sessionsOfV1(trail.options)
  app.all('/mcp', (request, response) => serve(request as never, response as never, request.body))
  return listen(createServer(app))
}
const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
}
const started = (options: InstrumentOptions) => {
  const [near, far] = InMemoryTransport.createLinkedPair()
  atEnd(() => far.close())
  return instrumentMcpServer(serverV1(), options).connect(near)
}

describe('rules of access and transport meet real servers', () => {
  it('ordinary calls raise nothing but the tool that declares no requirement', async () => {
    const trail = audit()
    const url = await startV2(trail)
    for (let i = 0; i < 3; i++)
      expect((await post(url, modernCall(), { ...bearer(GOOD), ...modernHeaders() })).status).toBe(200)
    await vi.waitFor(() => expect(trail.of('tool.result')).toHaveLength(3))
    expect(found(trail)).toEqual(['scp-011 low'])
  })

  it('a tool that is refused five times for want of a scope', async () => {
    const trail = audit()
    const url = await startV2(trail)
    for (let i = 0; i < 5; i++)
      expect((await post(url, modernCall('refund'), { ...bearer(WEAK), ...modernHeaders('refund') })).status).toBe(403)
    await vi.waitFor(() => expect(trail.of('tool.result')).toHaveLength(5))
    // The client said its name.
    expect(found(trail)).toContain('scp-005 low')
  })

  it('a page of another origin reaches a local server that does not look', async () => {
    const trail = audit()
    const url = await startV1(trail)
    expect((await post(url, initialize, { origin: 'http://localhost:6274' })).status).toBe(200)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(found(trail)).not.toContain('trn-001 high')
    expect((await post(url, initialize, { origin: 'https://evil.tld' })).status).toBe(200)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(found(trail)).toContain('trn-001 high')
  })

  it('headers that contradict the body, and versions that nobody speaks', async () => {
    const trail = audit()
    const url = await startV2(trail)
    for (let i = 0; i < 3; i++)
      expect((await post(url, modernCall(), { ...bearer(GOOD), ...modernHeaders('other') })).status).toBe(400)
    for (let day = 1; day <= 5; day++) {
      const version = `2999-01-0${day}`
      const future = modernCall()
      future.params._meta = { ...future.params._meta, 'io.modelcontextprotocol/protocolVersion': version }
      const headers = { ...bearer(GOOD), ...modernHeaders(), 'mcp-protocol-version': version }
      expect((await post(url, future, headers)).status).toBe(400)
    }
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(8))
    expect(found(trail)).toEqual(expect.arrayContaining(['trn-002 medium', 'trn-004 low']))
  })

  it('a server that lets everybody in on every address, and one on stdio that says nothing', async () => {
    const trail = audit()
    await started({ ...trail.options, authRequired: false, posture: { bindAddress: '0.0.0.0:3000', tls: false } })
    expect(found(trail)).toEqual(['trn-003 low', 'trn-006 high'])
    const silent = audit()
    const { authRequired: _, ...options } = silent.options
    await started(options)
    expect(silent.of('server.started')).toHaveLength(1)
    expect(found(silent)).toEqual([])
  })

  it('a decision against the scopes, and one that an error made', () => {
    const trail = audit()
    const scopes = { requiredScopes: ['files:write'], grantedScopes: ['files:read'] }
    expect(auditDecision({ tool: 'delete_file', ...scopes }, () => true, trail.options)).toBe(true)
    expect(found(trail)).toEqual(['scp-001 critical'])
    const failing = audit()
    const down = (): boolean => {
      throw new Error('policy engine down')
    }
    expect(() => auditDecision({ tool: 'pay', failMode: 'open' }, down, failing.options)).toThrow('down')
    expect(found(failing)).toEqual(['scp-009 medium'])
  })

  it('data of another tenant', async () => {
    const trail = audit()
    const options = { ...trail.options, dataTags: { order: ['tenant:B'] } }
    const handler = createMcpHandler(instrumentMcpServer(serverV2, options))
    atEnd(() => handler.close())
    const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url')
    const ask = async (tid: string) => {
      const token = `${part({ alg: 'none' })}.${part({ iss: 'https://id.example', sub: tid, tid })}.c2ln`
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      const request = new Request('http://localhost/mcp', {
        method: 'POST',
        headers: { ...headers, ...modernHeaders() },
        body: JSON.stringify(modernCall()),
      })
      const authInfo = { token, clientId: 'shop', scopes: [], extra: {} }
      expect((await handler.fetch(request, { authInfo })).status).toBe(200)
    }
    await ask('B')
    expect(found(trail)).not.toContain('scp-007 critical')
    await ask('A')
    expect(found(trail)).toContain('scp-007 critical')
  })
})
