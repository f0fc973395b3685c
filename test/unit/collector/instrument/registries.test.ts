/** prompts.registry and resources.registry: told at the start, after changes, and when clients are shown something else. */
import { ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { ResourceTemplate as ResourceTemplateV2, requireScopes } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shutdownAudit } from '../../../../collector/instrument/index.ts'
import { CANARY, type Fields, legacy, modern, SDKS } from './observed-servers.ts'

afterEach(() => shutdownAudit())
const namesOf = (event: Fields | undefined) =>
  ((event?.['definitions'] ?? []) as { name: string }[]).map(({ name }) => name)
const contents = () => ({ contents: [] })

describe.each(SDKS)('%s', (sdk) => {
  const Template = (sdk === 'SDK v1' ? ResourceTemplate : ResourceTemplateV2) as typeof ResourceTemplate
  it('tells prompts and resources at the start without a client asking, descriptions as hashes', async () => {
    const { client, open, of, valid } = await legacy(sdk, (server) => {
      server.registerPrompt('greet', { description: CANARY, argsSchema: { name: z.string() } }, () => ({
        messages: [],
      }))
      server.registerResource('motd', 'docs://motd', { description: CANARY }, contents)
      server.registerResource('note', new Template('docs://notes/{id}', { list: undefined }), {}, contents)
    })
    await open()
    await client.ping()
    expect(of('prompts.registry')).toMatchObject([{ registrySource: 'startup', era: 'legacy' }])
    expect(of('prompts.registry')[0]!['definitions']).toMatchObject([{ name: 'greet', inputFields: ['!name'] }])
    expect(of('resources.registry')).toHaveLength(1)
    expect(namesOf(of('resources.registry')[0])).toEqual(['docs://notes/{id}', 'motd'])
    expect(of('tools.registry')).toEqual([])
    // What clients are shown is what was told.
    await client.listPrompts()
    await client.listResources()
    await client.listResourceTemplates()
    expect([of('prompts.registry').length, of('resources.registry').length]).toEqual([1, 1])
    valid()
  })
  it('tells each change of them, and the notification that goes with it', async () => {
    const { server, client, open, of } = await legacy(sdk, (made) => {
      made.registerPrompt('a', { description: 'A' }, () => ({ messages: [] }))
      made.registerResource('a', 'docs://a', {}, contents)
    })
    await open()
    await client.ping()
    server.registerPrompt('b', {}, () => ({ messages: [] }))
    server.registerResource('b', 'docs://b', {}, contents).disable()
    await expect.poll(() => of('prompts.registry').length).toBe(2)
    expect(of('prompts.registry')[1]).toMatchObject({ registrySource: 'mutation' })
    await expect.poll(() => namesOf(of('resources.registry').at(-1))).toEqual(['a'])
    const told = of('notification.sent').map((event) => event['notification'])
    expect(told).toContain('notifications/prompts/list_changed')
    expect(told).toContain('notifications/resources/list_changed')
  })
  it('asks no resource list that an author computes: it is told when a client is shown it', async () => {
    let asked = 0
    const list = () => {
      asked++
      return { resources: [{ uri: `docs://notes/${CANARY}`, name: 'note' }] }
    }
    const { client, open, of, valid } = await legacy(sdk, (server) =>
      server.registerResource('note', new Template('docs://notes/{id}', { list }), {}, contents),
    )
    await open()
    await client.ping()
    expect([asked, of('resources.registry').length]).toEqual([0, 0])
    await client.listResources()
    expect(of('resources.registry')).toMatchObject([{ registrySource: 'list', flags: ['list_incomplete'] }])
    await client.listResourceTemplates()
    const whole = of('resources.registry')[1]
    expect(whole!['flags']).toBeUndefined()
    expect(namesOf(whole)).toEqual(['docs://notes/{id}', 'note'])
    valid()
  })
})

describe('servers without registrations', () => {
  it('are asked for prompts page by page, and not for resources', async () => {
    let asked = 0
    const { client, open, of } = await legacy('SDK v1', ({ server }) => {
      server.registerCapabilities({ prompts: {}, resources: {} })
      server.setRequestHandler(ListPromptsRequestSchema, ({ params }) =>
        params?.cursor === undefined ? { prompts: [{ name: 'a' }], nextCursor: '2' } : { prompts: [{ name: 'b' }] },
      )
      server.setRequestHandler(ListResourcesRequestSchema, () => {
        asked++
        return { resources: [] }
      })
      server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: [] }))
    })
    await open()
    await client.ping()
    expect(namesOf(of('prompts.registry')[0])).toEqual(['a', 'b'])
    expect(asked).toBe(0)
    await client.listPrompts()
    await client.listPrompts({ cursor: '2' })
    expect(of('prompts.registry')).toHaveLength(1)
  })
})

describe('modern era, a server per request', () => {
  it('tells each registry once for many servers, and a change when a later one differs', async () => {
    let more = false
    const { client, of, valid } = await modern((server) => {
      server.registerTool('t', {}, () => ({ content: [] }))
      server.registerPrompt('a', {}, () => ({ messages: [] }))
      server.registerResource('r', 'docs://r', {}, contents)
      if (more) server.registerPrompt('b', {}, () => ({ messages: [] }))
    })
    for (let time = 0; time < 3; time++) await client.callTool({ name: 't' })
    await client.listPrompts()
    await client.listResources()
    for (const type of ['tools', 'prompts', 'resources']) expect(of(`${type}.registry`)).toHaveLength(1)
    more = true
    await client.callTool({ name: 't' })
    await client.getPrompt({ name: 'b' })
    expect(of('prompts.registry').map(namesOf)).toEqual([['a'], ['a', 'b']])
    valid()
  })
  it('tells how long and by whom a list may be kept, without a client asking for it', async () => {
    const { client, of, valid } = await modern((server) => server.registerTool('t', {}, () => ({ content: [] })), {
      server: { cacheHints: { 'tools/list': { ttlMs: 5_000, cacheScope: 'public' } } },
    })
    await client.callTool({ name: 't' })
    expect(of('tools.registry')).toMatchObject([{ registrySource: 'startup', ttlMs: 5_000, cacheScope: 'public' }])
    valid()
  })
  it('tells scopes that tools require, by SDK or by option, and parameters that are mirrored', async () => {
    const { client, of, valid } = await modern(
      (server) => {
        const inputSchema = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }) })
        server.registerTool('write', { inputSchema, scopeChallenge: requireScopes('orders:write') }, () => ({
          content: [],
        }))
        server.registerTool('own', { scopeChallenge: () => ({ scopes: [CANARY] }) }, () => ({ content: [] }))
        server.registerTool('read', {}, () => ({ content: [] }))
      },
      { options: { requiredScopes: { read: ['orders:read'] } } },
    )
    await client.listTools()
    const [{ definitions }] = of('tools.registry') as unknown as [{ definitions: Fields[] }]
    expect(definitions.map(({ name, requiredScopes, mirrored }) => [name, requiredScopes, mirrored])).toEqual([
      ['own', undefined, undefined],
      ['read', ['orders:read'], undefined],
      ['write', ['orders:write'], ['region']],
    ])
    expect(of('tools.registry')).toHaveLength(1)
    valid()
  })
})
