/** Requests refused at the door are in the audit trail, although no server saw them. */
import { createMcpHandler, McpServer, requireScopes } from '@modelcontextprotocol/server'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { auditChallenge, instrumentMcpServer, memorySink } from '../../../../collector/instrument/index.ts'
import { parseEvent } from '../../../../schemas/event.ts'

const KEY = '11'.repeat(32)
const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'write_file', arguments: { path: '/a' } } }
const authInfo = { token: '', clientId: 'ide', scopes: ['files:read'], extra: { iss: 'https://login', sub: 'bob' } }
const audit = () => ({ sink: memorySink(), serverId: 'files', keys: KEY, heartbeatMs: 0 })

describe('auditChallenge', () => {
  it('a refused tools/call is a challenge and one call, with one uid, by a verified caller', () => {
    const options = audit()
    const challenge = {
      status: 403,
      error: 'insufficient_scope',
      scopes: ['files:write'],
      resourceMetadataUrl: 'https://a',
    }
    auditChallenge({ message: call, authInfo, sessionId: 's-1' }, challenge, options)
    const told = options.sink.events.filter(({ eventType }) => eventType !== 'auth.token.validated')
    expect(told.map(({ eventType }) => eventType)).toEqual(['auth.challenge.sent', 'tool.call', 'tool.result'])
    expect(new Set(told.map(({ requestUid }) => requestUid)).size).toBe(1)
    for (const event of told) {
      expect(event).toMatchObject({
        decision: 'challenge',
        clientKey: 'ide',
        sessionFp: expect.stringMatching(/^[0-9a-f]{32}$/),
      })
      expect(event.principalKey).toMatch(/^[0-9a-f]{32}$/)
      expect(parseEvent(event)).toHaveProperty('event')
    }
    expect(told[0]).toMatchObject({ status: 403, error: 'insufficient_scope', scopesChallenged: ['files:write'] })
    expect(told[2]).toMatchObject({ outcome: 'denied', errorCode: '403', toolName: 'write_file' })
    expect(JSON.stringify(told)).not.toContain('s-1')
  })

  it('another request without a token is a challenge and one http.request that reached no handler', () => {
    const options = audit()
    auditChallenge({ message: { jsonrpc: '2.0', id: 1, method: 'tools/list' } }, { status: 401 }, options)
    expect(options.sink.events).toMatchObject([
      { eventType: 'auth.challenge.sent', status: 401, principalKind: 'anonymous' },
      { eventType: 'http.request', status: 401, outcome: 'denied', processed: false, credentialLocation: 'none' },
    ])
  })

  it('a token among its scopes is not repeated, and scopes that are named by a UUID are', () => {
    const options = audit()
    const secret = '9f86d081884c7d659a2feaa0c55ad015'
    const uuidScope = 'api://6f9619ff-8b86-4d01-b42d-00cf4fc964ff/read'
    auditChallenge({ message: call }, { status: 403, error: secret, scopes: [secret, uuidScope] }, options)
    expect(options.sink.events[0]).toMatchObject({ scopesChallenged: ['[redacted]', uuidScope], error: '[redacted]' })
    expect(JSON.stringify(options.sink.events)).not.toContain(secret)
  })

  it('what it is given can be anything', () => {
    const options = audit()
    for (const message of [{}, { method: 7 }, [], { id: {}, method: 'tools/call', params: null }])
      expect(() => auditChallenge({ message }, { status: 403, scopes: [7 as never] }, options)).not.toThrow()
  })
})

describe('scopeChallenge of SDK v2', () => {
  it('is seen without a call of ours', async () => {
    const options = audit()
    const factory = () => {
      const server = new McpServer({ name: 'files', version: '1' })
      server.registerTool(
        'write_file',
        { inputSchema: z.object({ path: z.string() }), scopeChallenge: requireScopes('files:write') },
        () => ({ content: [] }),
      )
      return server
    }
    const handler = createMcpHandler(instrumentMcpServer(factory, options))
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const request = new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'write_file',
      },
      body: JSON.stringify({ ...call, params: { ...call.params, _meta: meta } }),
    })
    const response = await handler.fetch(request, { authInfo })
    expect(response.status).toBe(403)
    const told = options.sink.events.filter(({ eventType }) => /^(auth\.challenge|tool\.)/.test(eventType))
    expect(told).toMatchObject([
      {
        eventType: 'auth.challenge.sent',
        era: 'modern',
        error: 'insufficient_scope',
        scopesChallenged: ['files:write'],
      },
      { eventType: 'tool.call', decision: 'challenge' },
      { eventType: 'tool.result', outcome: 'denied' },
    ])
    await handler.close()
  })
})
