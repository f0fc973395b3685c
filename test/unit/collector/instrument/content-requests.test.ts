/** resource.read, prompt.get and completion.request on real servers: what was asked for as classes and keyed hashes, never content. */
import { completable } from '@modelcontextprotocol/sdk/server/completable.js'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { type McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { ListResourcesRequestSchema, ReadResourceRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import {
  completable as completableV2,
  type McpServer as McpServerV2,
  ResourceTemplate as ResourceTemplateV2,
} from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shutdownAudit } from '../../../../collector/instrument/index.ts'
import { hashesOf } from '../../../../collector/instrument/keys/keys.ts'
import { CANARY, legacy, modern, SDKS, type Sdk } from './observed-servers.ts'

afterEach(() => shutdownAudit())
const { arguments: keyed } = hashesOf('ab'.repeat(32))
const uriHmac = (uri: string) => keyed.hash(`s${uri}`)

function offer(sdk: Sdk) {
  const Template = (sdk === 'SDK v1' ? ResourceTemplate : ResourceTemplateV2) as typeof ResourceTemplate
  const complete = (sdk === 'SDK v1' ? completable : completableV2) as typeof completable
  return (server: McpServer) => {
    server.registerResource('motd', 'docs://motd', { mimeType: 'text/plain' }, () => ({
      contents: [{ uri: 'docs://motd', mimeType: 'text/plain', text: `${CANARY}, see https://example.org/page` }],
    }))
    server.registerResource('note', new Template('docs://notes/{+id}', { list: undefined }), {}, (uri) => ({
      contents: [
        { uri: uri.href, text: CANARY },
        { uri: uri.href, mimeType: 'image/png', blob: 'AAAA' },
      ],
    }))
    const argsSchema = { language: complete(z.string(), () => ['german', 'greek']), tone: z.string().optional() }
    server.registerPrompt('greet', { description: 'Greets', argsSchema }, () => ({
      messages: [
        { role: 'user', content: { type: 'text', text: `${CANARY} https://evil.example/x` } },
        { role: 'assistant', content: { type: 'image', data: 'AAAA', mimeType: 'image/png' } },
      ],
    }))
  }
}

describe.each(SDKS)('legacy era, %s', (sdk) => {
  it('tells a resource that is read: scheme, class, definition, size, types and hosts', async () => {
    const { client, open, of, valid } = await legacy(sdk, offer(sdk))
    await open()
    await client.readResource({ uri: 'docs://motd' })
    await client.readResource({ uri: 'docs://notes/7' })
    const [motd, note] = of('resource.read')
    expect(motd).toMatchObject({
      method: 'resources/read',
      uriScheme: 'docs',
      uriClass: 'registered',
      uriHmac: uriHmac('docs://motd'),
      outcome: 'ok',
      parts: 1,
      contentTypes: ['text/plain'],
      urlDomains: ['example.org'],
      era: 'legacy',
    })
    expect(motd!['bytes']).toBeGreaterThan(60)
    expect(note).toMatchObject({ uriClass: 'template', parts: 2, contentTypes: ['image/png'] })
    const listed = of('resources.registry').at(-1)!['definitions'] as { name: string; hash: string }[]
    expect(motd!['definitionHash']).toBe(listed.find(({ name }) => name === 'motd')?.hash)
    expect(note!['definitionHash']).toBe(listed.find(({ name }) => name === 'docs://notes/{+id}')?.hash)
    expect(of('http.request').filter(({ method }) => method === 'resources/read')).toHaveLength(2)
    valid()
  })
  it('tells what reaches out of its folder, also when it is refused', async () => {
    const { client, open, of, valid } = await legacy(sdk, offer(sdk))
    await open()
    for (const uri of ['docs://notes/..%2f..%2fetc', 'file:///etc/passwd', 'docs://nowhere', 'kein uri'])
      await client.readResource({ uri }).catch(() => undefined)
    expect(of('resource.read').map((event) => [event['uriClass'], event['uriScheme'], event['outcome']])).toEqual([
      ['traversal', 'docs', 'ok'],
      ['sensitive_path', 'file', 'protocol_error'],
      ['unknown', 'docs', 'protocol_error'],
      ['unknown', 'none', 'protocol_error'],
    ])
    valid()
  })
  it('tells a prompt: whether it is listed, names of its arguments, hosts; and nothing of an unknown one but its name', async () => {
    const { client, open, of, valid } = await legacy(sdk, offer(sdk))
    await open()
    await client.getPrompt({ name: 'greet', arguments: { language: CANARY } })
    await client.getPrompt({ name: 'nobody' }).catch(() => undefined)
    const [greet, nobody] = of('prompt.get')
    expect(greet).toMatchObject({
      promptName: 'greet',
      definitionKnown: true,
      argumentNames: ['language'],
      argsHmac: keyed.hash(JSON.stringify({ language: CANARY })),
      parts: 2,
      contentTypes: ['text', 'image'],
      urlDomains: ['evil.example'],
    })
    expect(greet!['definitionHash']).toMatch(/^[0-9a-f]{64}$/)
    expect(nobody).toMatchObject({ promptName: 'nobody', definitionKnown: false, outcome: 'protocol_error' })
    valid()
  })
  it('tells a completion by reference, argument and length', async () => {
    const { client, open, of, valid } = await legacy(sdk, offer(sdk))
    await open()
    const argument = { name: 'language', value: 'g' }
    await client.complete({ ref: { type: 'ref/prompt', name: 'greet' }, argument })
    await client
      .complete({ ref: { type: 'ref/resource', uri: 'docs://notes/{+id}' }, argument: { name: 'id', value: '' } })
      .catch(() => undefined)
    expect(of('completion.request')).toMatchObject([
      {
        referenceKind: 'prompt',
        referenceHmac: keyed.hash('sgreet'),
        argumentName: 'language',
        valueChars: 1,
        completions: 2,
      },
      { referenceKind: 'resource', argumentName: 'id', valueChars: 0, completions: 0 },
    ])
    valid()
  })
  it('keeps no hash of content where little is captured', async () => {
    const { client, open, of } = await legacy(sdk, offer(sdk), { options: { capture: 'minimal' } })
    await open()
    await client.readResource({ uri: 'docs://motd' })
    await client.getPrompt({ name: 'greet', arguments: { language: 'x' } })
    const [read] = of('resource.read')
    expect(read).toMatchObject({ uriClass: 'registered', captureLevel: 'minimal' })
    for (const field of ['uriHmac', 'contentHmac', 'bytes', 'urlDomains']) expect(read![field]).toBeUndefined()
    expect(of('prompt.get')[0]!['argsHmac']).toBeUndefined()
  })
})

describe('modern era', () => {
  it('tells resources, prompts and completions as the legacy one does', async () => {
    const { client, of, valid } = await modern((server: McpServerV2) => offer('SDK v2')(server as unknown as McpServer))
    await client.readResource({ uri: 'docs://motd' })
    await client.getPrompt({ name: 'greet', arguments: { language: 'x' } })
    await client.complete({ ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'language', value: 'g' } })
    await client.readResource({ uri: 'docs://notes/%2e%2e/x' }).catch(() => undefined)
    expect(of('resource.read').map((event) => [event['uriClass'], event['era']])).toEqual([
      ['registered', 'modern'],
      ['traversal', 'modern'],
    ])
    expect(of('prompt.get')).toMatchObject([{ promptName: 'greet', definitionKnown: true, era: 'modern' }])
    expect(of('completion.request')).toMatchObject([{ completions: 2, era: 'modern' }])
    expect(of('resource.read')[0]!['contentHmac']).toMatch(/^[0-9a-f]{32}$/)
    valid()
  })
})

describe('subscriptions of the legacy era', () => {
  it('are told with the class of the resource, and updates with the same keyed hash', async () => {
    const { server, client, open, of, valid } = await legacy('SDK v1', offer('SDK v1'), {
      server: { capabilities: { resources: { subscribe: true } } },
    })
    const { SubscribeRequestSchema } = await import('@modelcontextprotocol/sdk/types.js')
    server.server.setRequestHandler(SubscribeRequestSchema, () => ({}))
    await open()
    await client.subscribeResource({ uri: 'docs://motd' })
    await client.subscribeResource({ uri: 'file:///home/a/.ssh/id_rsa' })
    await server.server.sendResourceUpdated({ uri: 'docs://motd' })
    const asked = of('resource.read')
    expect(asked.map((event) => [event['method'], event['uriClass']])).toEqual([
      ['resources/subscribe', 'registered'],
      ['resources/subscribe', 'sensitive_path'],
    ])
    expect(of('notification.sent')).toMatchObject([
      { notification: 'notifications/resources/updated', subscriptionIdHash: asked[0]!['uriHmac'] },
    ])
    valid()
  })
})

describe('answers that are no answers', () => {
  it('are told as bounded, and the server answers what it answered', async () => {
    // An own low-level server: whatever it says passes.
    const odd = await legacy('SDK v1', (made) => {
      const low = made.server as Server
      low.registerCapabilities({ resources: {} })
      low.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [] }))
      low.setRequestHandler(ReadResourceRequestSchema, ({ params }) =>
        params.uri === 'a://large'
          ? { contents: [{ uri: params.uri, text: 'x'.repeat(400_000) }] }
          : ({ contents: [null, 7, { text: 9 }] } as never),
      )
    })
    await odd.open()
    await odd.client.readResource({ uri: 'a://large' })
    await odd.client.readResource({ uri: 'a://odd' }).catch(() => undefined)
    expect(odd.of('resource.read')).toMatchObject([
      { bytes: 400_000, flags: ['content_bounded'], uriClass: 'unknown' },
      { parts: 3, outcome: 'ok' },
    ])
    odd.valid()
  })
})
