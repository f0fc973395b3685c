/** What a server asks its client for: sampling, elicitation and roots, pushed in the legacy era and asked back in the modern one. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/sdk/types.js'
import { inputRequired, type McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { auditElicitation, memorySink, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { CANARY, legacy, modern, SDKS } from './observed-servers.ts'

afterEach(() => shutdownAudit())
const done = { content: [{ type: 'text' as const, text: 'done' }] }
const form = {
  message: CANARY,
  requestedSchema: {
    type: 'object' as const,
    properties: { password: { type: 'string' as const }, city: { type: 'string' as const } },
  },
}
const CLIENT = { sampling: { context: {}, tools: {} }, elicitation: { form: {}, url: {} }, roots: {} }

describe.each(SDKS)('legacy era, %s', (sdk) => {
  /** A server whose one tool runs `ask`, with a client that answers everything. */
  async function asking(ask: (server: McpServer) => Promise<unknown>, action: 'accept' | 'decline' = 'accept') {
    const stage = await legacy(
      sdk,
      (server) =>
        server.registerTool('ask', {}, async () => {
          await ask(server)
          return done
        }),
      { capabilities: CLIENT },
    )
    const { client } = stage
    client.setRequestHandler(CreateMessageRequestSchema, () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: CANARY },
    }))
    client.setRequestHandler(ElicitRequestSchema, () =>
      action === 'accept' ? { action, content: { password: CANARY } } : { action },
    )
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: [{ uri: 'file:///home/alice' }, { uri: 'file:///etc' }, { uri: 'file:///home/alice/app' }],
    }))
    await stage.open()
    await client.callTool({ name: 'ask' })
    return stage
  }

  it('sampling is told with hints, prompt and tools as hashes and names, under the call that asked', async () => {
    const { of, valid } = await asking((server) =>
      server.server.createMessage({
        messages: [{ role: 'user', content: { type: 'text', text: CANARY } }],
        systemPrompt: CANARY,
        maxTokens: 100,
        includeContext: 'allServers',
        modelPreferences: { hints: [{ name: 'large' }] },
        tools: [{ name: 'search', inputSchema: { type: 'object' } }],
      } as never),
    )
    const [asked] = of('sampling.requested')
    expect(asked).toMatchObject({ maxTokens: 100, includeContext: 'allServers', messages: 1, depth: 1, era: 'legacy' })
    expect(asked!['samplingTools']).toEqual(['search'])
    for (const field of ['modelHintHash', 'systemPromptHash']) expect(asked![field]).toMatch(/^[0-9a-f]{32}$/)
    valid()
  })
  it('sampling requests that are open at once are counted', async () => {
    const message = { messages: [], maxTokens: 1 }
    const { of } = await asking(async (server) => {
      await Promise.all([server.server.createMessage(message), server.server.createMessage(message)])
      await server.server.createMessage(message)
    })
    expect(of('sampling.requested').map((event) => event['depth'])).toEqual([1, 2, 1])
  })
  it('a form and what came of it are told as classes of fields', async () => {
    const { of, valid } = await asking((server) => server.server.elicitInput(form))
    expect(of('elicitation.requested')).toMatchObject([{ mode: 'form', fieldClasses: ['credential', 'string'] }])
    expect(of('elicitation.completed')).toMatchObject([
      { mode: 'form', action: 'accept', fieldClasses: ['credential'] },
    ])
    valid()
  })
  it.each([
    ['token_limit', 'integer', 'integer'],
    ['tokenCount', 'string', 'string'],
    ['max_tokens', 'number', 'number'],
    ['savePassword', 'boolean', 'boolean'],
    ['api_token', 'string', 'credential'],
    ['token', 'string', 'credential'],
    ['otp', 'integer', 'credential'],
    ['pin', 'number', 'credential'],
    ['account_number', 'integer', 'payment'],
  ] as const)('a field %s of type %s is of class %s', async (name, type, expected) => {
    const requestedSchema = { type: 'object' as const, properties: { [name]: { type } as { type: 'string' } } }
    const { of } = await asking((server) => server.server.elicitInput({ message: 'm', requestedSchema }), 'decline')
    expect(of('elicitation.requested')[0]!['fieldClasses']).toEqual([expected])
  })
  it('a form that is declined has no fields', async () => {
    const { of } = await asking((server) => server.server.elicitInput(form), 'decline')
    const [answer] = of('elicitation.completed')
    expect(answer).toMatchObject({ mode: 'form', action: 'decline' })
    expect(answer!['fieldClasses']).toBeUndefined()
  })
  it('a URL is told with its flaws, its answer and its end under one handle', async () => {
    const url = 'http://10.0.0.7/pay?access_token=x'
    const { of, valid } = await asking(async (server) => {
      await server.server.elicitInput({ mode: 'url', message: CANARY, url, elicitationId: 'flow-1' })
      await server.server.createElicitationCompletionNotifier('flow-1')()
    })
    const [asked] = of('elicitation.requested')
    expect(asked).toMatchObject({
      mode: 'url',
      urlHost: '10.0.0.7',
      urlFlaws: ['not_https', 'private_address', 'credential'],
    })
    const [opened, ended] = of('elicitation.completed')
    expect(opened).toMatchObject({ mode: 'url', action: 'accept', handleFp: asked!['handleFp'] })
    expect(ended).toMatchObject({ mode: 'url', stage: 'done', handleFp: asked!['handleFp'] })
    expect(ended!['action']).toBeUndefined()
    valid()
  })
  it('a tool that needs a page first says so with an error, and the page is told', async () => {
    const { client, open, of, valid } = await legacy(sdk, (server) =>
      server.registerTool('gated', {}, () => {
        throw new UrlElicitationRequiredError([
          { mode: 'url', message: CANARY, url: 'https://id.example/connect', elicitationId: 'flow-2' },
        ])
      }),
    )
    await open()
    await client.callTool({ name: 'gated' }).catch(() => undefined)
    // SDK v2 knows its own class of that error only: then it is an error like any other.
    if (sdk === 'SDK v2') return expect(of('tool.result')).toHaveLength(1)
    expect(of('elicitation.requested')).toMatchObject([{ mode: 'url', urlHost: 'id.example' }])
    expect(of('elicitation.requested')[0]!['urlFlaws']).toBeUndefined()
    valid()
  })
  it('roots are told as a number and classes', async () => {
    const { of, valid } = await asking((server) => server.server.listRoots())
    expect(of('roots.requested')).toMatchObject([{ roots: 3, rootClasses: ['home', 'project', 'system'] }])
    valid()
  })
  it('a client that refuses, and an answer nobody asked for, tell nothing more', async () => {
    const { client, near, open, of } = await legacy(
      sdk,
      (server) =>
        server.registerTool('ask', {}, async () => {
          await server.server.listRoots().catch(() => undefined)
          return done
        }),
      { capabilities: { roots: {} } },
    )
    client.setRequestHandler(ListRootsRequestSchema, () => {
      throw new Error('no')
    })
    await open()
    await client.callTool({ name: 'ask' })
    await near.send({ jsonrpc: '2.0', id: 4_711, result: { roots: [] } })
    await client.ping()
    expect(of('roots.requested')).toEqual([])
  })
})

describe('modern era', () => {
  const questions = {
    login: inputRequired.elicit({ message: CANARY, requestedSchema: form.requestedSchema }),
    page: inputRequired.elicitUrl({ message: CANARY, url: 'https://pay.example/flow?state=1' }),
    think: inputRequired.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: CANARY } }],
      maxTokens: 5,
    }),
    where: inputRequired.listRoots(),
  }
  const asking = (server: McpServerV2) =>
    server.registerTool('ask', { inputSchema: z.object({ a: z.number() }) }, (_, { mcpReq }) =>
      mcpReq.inputResponses === undefined ? inputRequired({ inputRequests: questions, requestState: 'round-1' }) : done,
    )
  async function answering(build: (server: McpServerV2) => void, server: object = {}) {
    const stage = await modern(build, { capabilities: CLIENT, server })
    stage.client.setRequestHandler('elicitation/create', ({ params }) =>
      params.mode === 'url' ? { action: 'accept' } : { action: 'accept', content: { password: CANARY, city: 'x' } },
    )
    stage.client.setRequestHandler('sampling/createMessage', () => ({
      model: 'm',
      role: 'assistant' as const,
      content: { type: 'text' as const, text: CANARY },
    }))
    stage.client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///srv/app' }] }))
    return stage
  }

  it('questions are told with the result that asks them, answers with the retry', async () => {
    const { client, of, valid } = await answering(asking)
    await client.callTool({ name: 'ask', arguments: { a: 1 } })
    expect(of('mrtr.input_required')).toMatchObject([{ requestKinds: ['elicitation', 'sampling', 'roots'] }])
    const [login, page] = of('elicitation.requested')
    expect(login).toMatchObject({ mode: 'form', fieldClasses: ['credential', 'string'], era: 'modern' })
    expect(page).toMatchObject({ mode: 'url', urlHost: 'pay.example' })
    expect(of('sampling.requested')).toMatchObject([{ maxTokens: 5, messages: 1, depth: 1 }])
    const answers = of('elicitation.completed')
    expect(answers.map((event) => [event['mode'], event['action'], event['fieldClasses'], event['handleFp']])).toEqual([
      ['form', 'accept', ['credential', 'string'], undefined],
      ['url', 'accept', undefined, page!['handleFp']],
    ])
    expect(of('roots.requested')).toMatchObject([{ roots: 1, rootClasses: ['project'] }])
    expect(of('mrtr.retry')).toMatchObject([{ uses: 1, digestMatch: true, integrity: 'unknown', outcome: 'ok' }])
    const calls = new Set([...of('tool.call'), ...answers, login].map((event) => event!['logicalCallId']))
    expect(calls.size).toBe(1)
    valid()
  })
  it('a prompt and a resource may ask back too', async () => {
    const build = (server: McpServerV2) => {
      const ask = { inputRequests: { where: inputRequired.listRoots() }, requestState: 's' }
      server.registerPrompt('p', {}, (({ mcpReq }: { mcpReq: { inputResponses?: object } }) =>
        mcpReq.inputResponses === undefined ? inputRequired(ask) : { messages: [] }) as never)
      server.registerResource('r', 'docs://r', {}, ((_: URL, { mcpReq }: { mcpReq: { inputResponses?: object } }) =>
        mcpReq.inputResponses === undefined ? inputRequired(ask) : { contents: [] }) as never)
    }
    const { client, of, valid } = await answering(build)
    await client.getPrompt({ name: 'p' })
    await client.readResource({ uri: 'docs://r' })
    for (const type of ['prompt.get', 'resource.read'])
      expect(of(type).map((event) => event['flags'])).toEqual([['input_required'], undefined])
    expect(of('mrtr.input_required').map((event) => event['method'])).toEqual(['prompts/get', 'resources/read'])
    expect(of('mrtr.retry').map((event) => [event['method'], event['digestMatch']])).toEqual([
      ['prompts/get', true],
      ['resources/read', true],
    ])
    expect(of('roots.requested')).toHaveLength(2)
    valid()
  })
  it('a state that the server refuses, a state of another request and a second use are told', async () => {
    const { of, fetch, client, valid } = await answering(asking, {
      requestState: {
        verify: (state: string) => {
          if (state === 'forged') throw new Error(CANARY)
          return state
        },
      },
    })
    await client.callTool({ name: 'ask', arguments: { a: 1 } })
    const retry = (requestState: string, a: number) =>
      fetch('http://localhost/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'ask',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 99,
          method: 'tools/call',
          params: {
            name: 'ask',
            arguments: { a },
            requestState,
            inputResponses: {},
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        }),
      }).then((response) => response.text())
    await retry('forged', 1)
    await retry('round-1', 2)
    await retry('round-1', 1)
    expect(
      of('mrtr.retry').map(({ integrity, digestMatch, uses, outcome }) => [integrity, digestMatch, uses, outcome]),
    ).toEqual([
      ['unknown', true, 1, 'ok'],
      ['failed', undefined, undefined, 'protocol_error'],
      ['unknown', false, 2, 'ok'],
      ['unknown', true, 3, 'ok'],
    ])
    valid()
  })
})

describe('the page behind an elicitation URL', () => {
  it('tells who opened and finished it, with the key that the call of the same person has', async () => {
    const person = { issuer: 'https://id.example', subject: 'alice' }
    const stage = await legacy('SDK v1', (server) => server.registerTool('t', {}, () => done))
    await stage.open()
    auditElicitation({ elicitationId: 'flow-1', stage: 'url_opened', person }, stage.options)
    auditElicitation({ elicitationId: 'flow-1', stage: 'done', action: 'accept', person }, stage.options)
    auditElicitation({ url: 'https://pay.example/flow?state=1', stage: 'done' }, stage.options)
    const [opened, finished, anonymous] = stage.of('elicitation.completed')
    expect(opened).toMatchObject({ mode: 'url', stage: 'url_opened', handleFp: finished!['handleFp'] })
    expect(finished).toMatchObject({ stage: 'done', action: 'accept', webPrincipalKey: opened!['webPrincipalKey'] })
    expect(opened!['webPrincipalKey']).toMatch(/^[0-9a-f]{32}$/)
    expect(anonymous!['webPrincipalKey']).toBeUndefined()
    expect(JSON.stringify(stage.sink.events)).not.toContain('flow-1')
    stage.valid()
  })
  it('never throws, whatever it is given', () => {
    for (const page of [
      null,
      undefined,
      {},
      { stage: 'odd' },
      {
        person: {
          get issuer() {
            throw new Error('x')
          },
        },
      },
    ])
      expect(() => auditElicitation(page as never, { sink: memorySink(), serverId: 's' })).not.toThrow()
  })
})
