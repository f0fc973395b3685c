/** `node --import …/register`: servers of every make are audited without a line of code, and other programs do not notice. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Programs, programs, type Ran, REGISTER } from './audited-program.ts'

let bed: Programs
beforeAll(async () => {
  bed = await programs()
})
afterAll(() => bed.close())

const TOOL = "{ description: 'Says hello' }, () => ({ content: [{ type: 'text', text: 'hello' }] })"
/** Two calls over a pair of transports in memory, with a client of SDK v1; prints what it got. */
const USE = `
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  const client = new Client({ name: 'caller', version: '1' })
  await client.connect(clientSide)
  for (let i = 0; i < 2; i++) console.log(JSON.stringify(await client.callTool({ name: 'hello', arguments: {} })))
  await client.close()`
const CLIENT = "import { Client } from '@modelcontextprotocol/sdk/client/index.js'\n"
const MEMORY_V1 = "import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'\n"
const V1 = `${CLIENT}${MEMORY_V1}import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
  const server = new McpServer({ name: 'v1', version: '1' })
  server.registerTool('hello', ${TOOL})${USE}`
const V2 = `${CLIENT}import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server'
  const server = new McpServer({ name: 'v2', version: '1' })
  server.registerTool('hello', ${TOOL})${USE}`
const LOW = `${CLIENT}${MEMORY_V1}import { Server } from '@modelcontextprotocol/sdk/server/index.js'
  import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
  const server = new Server({ name: 'low', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [{ name: 'hello', inputSchema: { type: 'object' } }] }))
  server.setRequestHandler(CallToolRequestSchema, () => ({ content: [{ type: 'text', text: 'hello' }] }))${USE}`
/** The same program as CommonJS. */
const commonJs = (text: string): string =>
  `(async () => {\n${text.replace(/import (\{.*?\}) from ('.*?')/g, 'const $1 = require($2)')}\n})()`
const HANDLER = `import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'handler', version: '1' })
    server.registerTool('hello', ${TOOL})
    return server
  })
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'caller', version: '1' } }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'hello' }
  for (let id = 0; id < 2; id++) {
    const params = { name: 'hello', arguments: {}, _meta: meta }
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params })
    const answer = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
    console.log(JSON.stringify({ content: (await answer.json()).result.content }))
  }`

const HELLO = '{"content":[{"type":"text","text":"hello"}]}\n'
/** Two calls, answered as without us, each told once with its result and the definition in force. */
function expectTwoCalls({ stdout, stderr, code, of }: Ran, serverId: string): void {
  expect({ stdout, stderr, code }).toEqual({ stdout: HELLO.repeat(2), stderr: '', code: 0 })
  expect(of('tool.call').map((told) => told.serverId)).toEqual([serverId, serverId])
  expect(of('tool.result').map(({ event }) => event['outcome'])).toEqual(['ok', 'ok'])
  expect(of('server.started')).toHaveLength(1)
  expect(of('tool.call').every(({ event }) => typeof event['definitionHash'] === 'string')).toBe(true)
}

describe('register audits', () => {
  it.each([
    ['a McpServer of SDK v1', V1, 'v1', 'mjs'],
    ['a McpServer of SDK v1 in CommonJS', commonJs(V1), 'v1', 'cjs'],
    ['a McpServer of SDK v2', V2, 'v2', 'mjs'],
    ['a McpServer of SDK v2 in CommonJS', commonJs(V2), 'v2', 'cjs'],
    ['a low-level Server', LOW, 'low', 'mjs'],
    ['a low-level Server in CommonJS', commonJs(LOW), 'low', 'cjs'],
    ['servers that createMcpHandler builds per request', HANDLER, 'handler', 'mjs'],
    ['the same in CommonJS', commonJs(HANDLER), 'handler', 'cjs'],
  ] as const)('%s', async (_, text, serverId, kind) => {
    expectTwoCalls(await bed.run(text, { kind }), serverId)
  })

  it('both copies of an SDK in one process, ESM and CommonJS', async () => {
    const ran = await bed.run(`${V1}\nawait (new Function('require', ${JSON.stringify(`return ${commonJs(V1)}`)}))(
      (await import('node:module')).createRequire(import.meta.url))`)
    expect(ran.stdout).toBe(HELLO.repeat(4))
    expect(ran.of('tool.call')).toHaveLength(4)
    expect(ran.of('tool.result')).toHaveLength(4)
  })

  it('an SDK that was bundled and minified into the server', async () => {
    const { rolldown } = (await import('rolldown' as string)) as typeof import('rolldown')
    const bundle = await rolldown({ input: bed.file(V1, 'mjs'), platform: 'node', logLevel: 'silent' })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    await bundle.close()
    expect(output[0].code).not.toContain('modelcontextprotocol/sdk/')
    expectTwoCalls(await bed.run(output[0].code), 'v1')
  })

  it('servers in a worker thread', async () => {
    const worker = bed.file(V1, 'mjs')
    const ran = await bed.run(
      `import { Worker } from 'node:worker_threads'\nnew Worker(${JSON.stringify(worker)}, { stdout: false })`,
    )
    expectTwoCalls(ran, 'v1')
  })

  it('programs that others start, by NODE_OPTIONS', async () => {
    const ran = await bed.run(V1, { flags: [], env: { NODE_OPTIONS: `--import=${REGISTER}` } })
    expectTwoCalls(ran, 'v1')
  })

  it('a server whose settings stand in a file that it reads itself', async () => {
    const ran = await bed.run(`process.env.MCP_AUDIT_SERVER_ID = 'from-env-file'\n${V2}`)
    expectTwoCalls(ran, 'from-env-file')
  })
})

describe('an SDK that a bundler has changed beyond recognition', () => {
  it('runs as it is, and is named on stderr and, when its id is known, to the receiver', async () => {
    const { rolldown } = (await import('rolldown' as string)) as typeof import('rolldown')
    const bundle = await rolldown({ input: bed.file(V1, 'mjs'), platform: 'node', logLevel: 'silent' })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    await bundle.close()
    const changed = output[0].code.replaceAll('async connect(', "async['connect'](")
    const ran = await bed.run(changed, { env: { MCP_AUDIT_SERVER_ID: 'bundled' } })
    expect([ran.stdout, ran.code]).toEqual([HELLO.repeat(2), 0])
    expect(ran.stderr).toMatch(/the MCP SDK bundled in file:\S+ cannot be observed; use mcp-auditd wrap or proxy/)
    expect(ran.told.map(({ type, serverId }) => [type, serverId])).toEqual([['auditd.error', 'bundled']])
  })
})

describe('its settings', () => {
  it('say what is recorded', async () => {
    const env = {
      MCP_AUDIT_SERVER_ID: 'billing',
      MCP_AUDIT_KEY: 'ab'.repeat(32),
      MCP_AUDIT_CAPTURE: 'minimal',
      MCP_AUDIT_AUTH_REQUIRED: 'true',
      MCP_AUDIT_BUILD_DIGEST: 'sha256:1',
    }
    const ran = await bed.run(V1, { env })
    expectTwoCalls(ran, 'billing')
    expect(ran.of('server.started')[0]!.event).toMatchObject({ authRequired: true, captureLevel: 'minimal' })
    expect(ran.of('server.started')[0]!.event).toMatchObject({ buildDigest: 'sha256:1' })
    expect(ran.of('server.started')[0]!.event).not.toHaveProperty('flags')
    expect(ran.of('tool.call')[0]!.event).not.toHaveProperty('argsHmac')
  })
  it('show the HTTP edge too, where tokens are refused before any server sees a request', async () => {
    const gated = `import { createServer } from 'node:http'
      import express from 'express'
      import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
      const app = express()
      const verifier = { verifyAccessToken: async () => { throw new Error('never asked') } }
      app.post('/mcp', requireBearerAuth({ verifier }), (_, response) => response.json({}))
      const server = createServer(app).listen(0, '127.0.0.1', async () => {
        const headers = { 'content-type': 'application/json' }
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
        const answer = await fetch('http://127.0.0.1:' + server.address().port + '/mcp', { method: 'POST', headers, body })
        console.log(answer.status)
        server.close()
        server.closeAllConnections()
      })`
    const env = { MCP_AUDIT_HTTP: 'true', MCP_AUDIT_SERVER_ID: 'gated' }
    const ran = await bed.run(gated, { env })
    expect(ran).toMatchObject({ stdout: '401\n', stderr: '', code: 0 })
    expect(ran.of('auth.challenge.sent').map(({ serverId, event }) => [serverId, event['status']])).toEqual([
      ['gated', 401],
    ])
    expect((await bed.run(gated)).told).toEqual([])
  })
  it('that cannot be read are named on stderr and left out', async () => {
    const ran = await bed.run(V1, { env: { MCP_AUDIT_CAPTURE: 'everything', MCP_AUDIT_AUTH_REQUIRED: 'perhaps' } })
    expect(ran.stderr).toContain('MCP_AUDIT_CAPTURE: expected shape or minimal')
    expect(ran.stderr).toContain('MCP_AUDIT_AUTH_REQUIRED: expected true or false')
    expect(ran.stdout).toBe(HELLO.repeat(2))
    expect(ran.of('tool.call')).toHaveLength(2)
  })
  it('with a key that is too short leave the server as it is, and say so once', async () => {
    const ran = await bed.run(V1, { env: { MCP_AUDIT_KEY: 'abcd' } })
    expect(ran.stdout).toBe(HELLO.repeat(2))
    expect(ran.stderr.match(/keys\.master: needs at least 16 bytes/g)).toHaveLength(1)
    expect(ran.told).toEqual([])
  })
  it('switch everything off', async () => {
    const ran = await bed.run(V1, { env: { MCP_AUDIT_DISABLED: 'true' } })
    expect([ran.stdout, ran.stderr, ran.told.length]).toEqual([HELLO.repeat(2), '', 0])
  })
})

describe('programs without an MCP server', () => {
  it('run as without it, and load nothing of this package but the hooks', async () => {
    const loaded = `import { Module } from 'node:module'
      import { z } from 'zod'
      import fastify from 'fastify'
      console.log(z.string().parse('x'), typeof fastify, process.argv.length)`
    const ran = await bed.run(loaded)
    expect(ran).toMatchObject({ stdout: 'x function 2\n', stderr: '', code: 0, told: [] })
  })
  it('end with their own exit code, and their errors name their own lines', async () => {
    const ran = await bed.run("\n\nthrow new Error('mine')")
    expect(ran.code).toBe(1)
    expect(ran.stderr).toMatch(/program-\d+\.mjs:3/)
  })
  it('npm is one of them', () => {
    const plain = execFileSync('npm', ['--version'], { encoding: 'utf8', cwd: bed.folder })
    const env = {
      ...process.env,
      NODE_OPTIONS: `--import=${REGISTER}`,
      PATH: `${join(process.execPath, '..')}:${process.env['PATH']}`,
    }
    expect(execFileSync('npm', ['--version'], { encoding: 'utf8', cwd: bed.folder, env })).toBe(plain)
  })
  it('clients of MCP tell nothing', async () => {
    const server = bed.file(
      `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
      import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
      const server = new McpServer({ name: 'far', version: '1' })
      server.registerTool('hello', ${TOOL})
      await server.connect(new StdioServerTransport())`,
      'mjs',
    )
    const ran = await bed.run(`${CLIENT}
      import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
      const client = new Client({ name: 'caller', version: '1' })
      await client.connect(new StdioClientTransport({ command: process.execPath, args: [${JSON.stringify(server)}] }))
      console.log(JSON.stringify(await client.callTool({ name: 'hello', arguments: {} })))
      await client.close()`)
    expect([ran.stdout, ran.told.length]).toEqual([HELLO, 0])
  })
})
