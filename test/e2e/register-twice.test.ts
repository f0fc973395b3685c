/** Whoever instruments a server, and however often, a call is told once: register, code, a second copy of the package, in any order. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INSTRUMENT, type Programs, programs, type Ran, REGISTER } from './audited-program.ts'

let bed: Programs
/** The same package at another path, as a server brings it along. */
let copyOf: (path: string) => string
beforeAll(async () => {
  bed = await programs()
  const root = join(import.meta.dirname, '../..')
  const copy = join(bed.folder, 'copy')
  mkdirSync(copy)
  for (const folder of ['collector', 'schemas', 'connectors'])
    cpSync(join(root, folder), join(copy, folder), {
      recursive: true,
      filter: (path) => !path.includes('node_modules'),
    })
  copyOf = (path) => path.replace(root, copy)
})
afterAll(() => bed.close())

const IMPORTS = `import { Client } from '@modelcontextprotocol/sdk/client/index.js'
  import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'\n`
const importOf = (path: string, name = 'instrumentMcpServer'): string =>
  `import { instrumentMcpServer as ${name}, auditTokenVerifier as ${name}Verifier } from ${JSON.stringify(path)}\n`
const SERVER = `const server = new McpServer({ name: 'twice', version: '1' })
  server.registerTool('hello', { description: 'Says hello' }, () => ({ content: [{ type: 'text', text: 'hello' }] }))\n`
const CONNECT = `const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  const client = new Client({ name: 'caller', version: '1' })
  await client.connect(clientSide)\n`
const CALL = `console.log(JSON.stringify(await client.callTool({ name: 'hello', arguments: {} })))\n`
const HELLO = '{"content":[{"type":"text","text":"hello"}]}\n'
const CODE = "{ serverId: 'by-code' }"

/** One call and one result for each line printed, of these servers. */
function expectOnce({ stdout, stderr, code, of }: Ran, serverIds: readonly string[]): void {
  expect({ stdout, stderr, code }).toEqual({ stdout: HELLO.repeat(serverIds.length), stderr: '', code: 0 })
  expect(of('tool.call').map((told) => told.serverId)).toEqual(serverIds)
  expect(of('tool.result').map((told) => told.serverId)).toEqual(serverIds)
}

describe('a call is told once, with the options of the code', () => {
  const two = ['--import', REGISTER, '--import', REGISTER]
  it('by instrumentMcpServer alone, twice, also on the server below', async () => {
    const twice = `instrumentMcpServer(instrumentMcpServer(server, ${CODE})).server\ninstrumentMcpServer(server.server)\n`
    const ran = await bed.run(IMPORTS + importOf(INSTRUMENT) + SERVER + twice + CONNECT + CALL, {
      flags: [],
      kind: 'ts',
    })
    expectOnce(ran, ['by-code'])
  })
  it('by register and code', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\n`
    const ran = await bed.run(IMPORTS + importOf(INSTRUMENT) + SERVER + code + CONNECT + CALL)
    expectOnce(ran, ['by-code'])
    expect(ran.of('server.started').map(({ serverId }) => serverId)).toEqual(['by-code'])
  })
  it('by register and code of another copy of the package', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\n`
    const ran = await bed.run(IMPORTS + importOf(copyOf(INSTRUMENT)) + SERVER + code + CONNECT + CALL)
    expectOnce(ran, ['by-code'])
  })
  it('by two copies in code: the first one', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\nother(server, { serverId: 'second' })\n`
    const imports = IMPORTS + importOf(INSTRUMENT) + importOf(copyOf(INSTRUMENT), 'other')
    expectOnce(await bed.run(imports + SERVER + code + CONNECT + CALL, { flags: [] }), ['by-code'])
  })
  it('by register twice, and by register of two copies', async () => {
    expectOnce(await bed.run(IMPORTS + SERVER + CONNECT + CALL, { flags: two }), ['twice'])
    const copies = ['--import', REGISTER, '--import', copyOf(REGISTER)]
    expectOnce(await bed.run(IMPORTS + SERVER + CONNECT + CALL, { flags: copies }), ['twice'])
  })
  it('by register until code comes, when the server is already connected', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\n`
    const ran = await bed.run(IMPORTS + importOf(INSTRUMENT) + SERVER + CONNECT + CALL + code + CALL)
    expectOnce(ran, ['twice', 'by-code'])
  })
  it('by a factory that code and register wrap, for each server it builds', async () => {
    const handler = `import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
      ${importOf(INSTRUMENT)}
      const factory = () => {
        const server = new McpServer({ name: 'built', version: '1' })
        server.registerTool('hello', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }))
        return server
      }
      const handler = createMcpHandler(instrumentMcpServer(factory, ${CODE}))
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      for (let id = 0; id < 2; id++) {
        const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'hello', arguments: {} } })
        const answer = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
        console.log(JSON.stringify({ content: JSON.parse((await answer.text()).match(/{.*}/)[0]).result.content }))
      }`
    expectOnce(await bed.run(handler), ['by-code', 'by-code'])
  })
})

/** An express-like gate of SDK v1 in front of a handler that hands its authInfo to the transport. */
const gate = (
  verifier: string,
): string => `import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
  const plain = { verifyAccessToken: async (token) => {
    if (token !== 'good') throw new Error('refused')
    return { token, clientId: 'ide', scopes: ['read'], expiresAt: Date.now() / 1000 + 60, extra: { sub: 'ann' } }
  } }
  const ask = requireBearerAuth({ verifier: ${verifier} })
  const asked = async (token) => {
    const request = { headers: { authorization: 'Bearer ' + token } }
    const response = { set() {}, status: () => ({ json() {} }) }
    await ask(request, response, () => undefined)
    return request.auth
  }
  const call = async (id, authInfo) => {
    const params = { name: 'hello', arguments: {} }
    serverSide.onmessage({ jsonrpc: '2.0', id, method: 'tools/call', params }, { authInfo })
  }\n`
const REQUESTS = `await asked('bad')
  await call(91, await asked('good'))\n`

describe('a token is told once, with the request that it let in', () => {
  /** One refusal, one admission, and the call under the uid of the admission. */
  function expectTokens(ran: Ran, serverId: string): void {
    expect([ran.stderr, ran.code]).toEqual(['', 0])
    const tokens = ran.of('auth.token.validated')
    expect(tokens.map(({ event }) => event['decision']).sort()).toEqual(['allow', 'deny'])
    expect(new Set(tokens.map((told) => told.serverId))).toEqual(new Set([serverId]))
    const allowed = tokens.find(({ event }) => event['decision'] === 'allow')!
    expect(ran.of('tool.call').map(({ event }) => event['requestUid'])).toEqual([allowed.event['requestUid']])
  }
  it('by register alone', async () => {
    expectTokens(await bed.run(IMPORTS + SERVER + CONNECT + gate('plain') + REQUESTS), 'twice')
  })
  it('by register and code', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\n`
    const verifier = `instrumentMcpServerVerifier(instrumentMcpServerVerifier(plain, ${CODE}), ${CODE})`
    const program = IMPORTS + importOf(INSTRUMENT) + SERVER + code + CONNECT + gate(verifier) + REQUESTS
    expectTokens(await bed.run(program), 'by-code')
  })
  it('by register, where code instruments the server only', async () => {
    const code = `instrumentMcpServer(server, ${CODE})\n`
    expectTokens(
      await bed.run(IMPORTS + importOf(INSTRUMENT) + SERVER + code + CONNECT + gate('plain') + REQUESTS),
      'by-code',
    )
  })
  it('by code of another copy for the verifier, and register for the server', async () => {
    const verifier = `instrumentMcpServerVerifier(plain, { serverId: 'twice' })`
    const program = IMPORTS + importOf(copyOf(INSTRUMENT)) + SERVER + CONNECT + gate(verifier) + REQUESTS
    expectTokens(await bed.run(program), 'twice')
  })
})
