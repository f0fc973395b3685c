// Authorization metadata is told when it is first seen and when it changes, with what is wrong with its URLs.
import { describe, expect, it } from 'vitest'
import { auditFetch } from '../../../../collector/instrument/fetch.ts'
import { memorySink } from '../../../../collector/instrument/index.ts'
import { parseEvent } from '../../../../schemas/event.ts'

const PATH = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'
function start(more: object = {}) {
  const sink = memorySink()
  let document: unknown = { resource: 'https://mcp.example/mcp', authorization_servers: ['https://id.example'] }
  const options = { sink, serverId: `metadata-${Math.random()}`, keys: '11'.repeat(32), ...more }
  const serve = auditFetch((_request: Request) => Response.json(document), options)
  return {
    set: (next: unknown) => {
      document = next
    },
    async get(url = PATH) {
      const response = await serve(new Request(url))
      await response.text()
      // The answer is read beside its reader: a turn of the loop later it is told.
      await new Promise((resolve) => setImmediate(resolve))
    },
    told: () => {
      for (const event of sink.events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
      return sink.events as unknown as Record<string, unknown>[]
    },
  }
}

describe('metadata', () => {
  it('is told once until it changes; the order of members is no change', async () => {
    const server = start()
    await server.get()
    await server.get()
    server.set({ authorization_servers: ['https://id.example'], resource: 'https://mcp.example/mcp' })
    await server.get()
    server.set({ resource: 'https://mcp.example/mcp', authorization_servers: ['https://other.example'] })
    await server.get()
    expect(server.told()).toMatchObject([
      { eventType: 'auth.metadata.published', changed: false, authorizationServers: ['https://id.example'] },
      { changed: true, authorizationServers: ['https://other.example'] },
    ])
  })

  it('says who may be sent where, and what is wrong with it', async () => {
    const server = start()
    server.set({
      issuer: 'https://id.example',
      authorization_endpoint: 'javascript:alert(1)',
      token_endpoint: 'http://id.example/token',
      registration_endpoint: 'https://user:secret-word@10.0.0.1/register',
      jwks_uri: 'https://keys.example/jwks',
      scopes_supported: ['a', 'b'],
      bearer_methods_supported: ['header'],
      dpop_bound_access_tokens_required: true,
    })
    await server.get('https://mcp.example/.well-known/oauth-authorization-server')
    expect(server.told()).toMatchObject([
      {
        metadataKind: 'authorization_server',
        resource: ['https://id.example'],
        jwksUriHost: 'keys.example',
        endpointHosts: ['10.0.0.1', 'id.example', 'keys.example'],
        endpointFlaws: ['javascript', 'not_https', 'private_address', 'userinfo'],
        bearerMethods: ['header'],
        scopesSupported: ['a', 'b'],
        dpopRequired: true,
      },
    ])
    expect(JSON.stringify(server.told())).not.toContain('secret-word')
  })

  it('what is served elsewhere is declared, and told with the first request', async () => {
    const protectedResource = { resource: 'https://mcp.example/mcp', dpop_bound_access_tokens_required: false }
    const server = start({ metadata: { protectedResource, authorizationServer: { issuer: 'https://id.example' } } })
    await server.get('https://mcp.example/other')
    await server.get('https://mcp.example/other')
    expect(server.told()).toMatchObject([
      { metadataKind: 'protected_resource', dpopRequired: false },
      { metadataKind: 'authorization_server' },
    ])
  })

  it('what is no document is none', async () => {
    const server = start()
    for (const document of [null, [], 'text', 7, { resource: { a: 1 }, jwks_uri: 7, scopes_supported: [7, null] }]) {
      server.set(document)
      await server.get()
    }
    expect(server.told()).toMatchObject([{ scopesSupported: [] }])
  })

  it('repeats no secret that a server publishes by mistake, and random names as they are', async () => {
    const secret = 'ghp_A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'
    const server = start()
    const authorization_servers = [`https://u:${secret}@id.example`, 'https://id.example/oauth2/aus1a2b3c4d5e6f7g8h9']
    server.set({ resource: `https://mcp.example/?key=${secret}`, authorization_servers })
    await server.get()
    expect(server.told()).toMatchObject([
      { resource: ['[redacted]'], authorizationServers: ['[redacted]', authorization_servers[1]] },
    ])
  })
})
