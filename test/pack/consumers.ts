/** Programs of people who install the package: each SDK, loaded by import, by require and not at all (register). */

export interface Consumer {
  readonly name: string
  readonly kind: 'mjs' | 'cjs'
  readonly text: string
  /** Arguments of Node. */
  readonly flags: readonly string[]
  readonly prints: string
}

const SDKS = {
  'SDK v1': {
    server: "import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'",
    memory: "import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'",
  },
  'SDK v2': {
    server: "import { McpServer } from '@modelcontextprotocol/server'",
    memory: "import { InMemoryTransport } from '@modelcontextprotocol/server'",
  },
}
const OURS = "import { instrumentMcpServer } from '@mcp-auditd/instrument'"
const CLIENT = "import { Client } from '@modelcontextprotocol/sdk/client/index.js'"
const BUILD = `const server = new McpServer({ name: 'packed', version: '1' })
server.registerTool('hello', { description: 'Says hello' }, () => ({ content: [{ type: 'text', text: 'hello' }] }))`
const USE = `const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
await server.connect(serverSide)
const client = new Client({ name: 'caller', version: '1' })
await client.connect(clientSide)
const { content } = await client.callTool({ name: 'hello', arguments: {} })
console.log(content[0].text)
await client.close()`
const commonJs = (text: string): string =>
  `(async () => {\n${text.replace(/import (\{.*?\}) from ('.*?')/g, 'const $1 = require($2)')}\n})()`

const prints = 'hello\n'
const register = ['--import', '@mcp-auditd/instrument/register']
const registerPath = ['--import', './node_modules/@mcp-auditd/instrument/register.js']
export const consumers: readonly Consumer[] = Object.entries(SDKS).flatMap(([sdk, { server, memory }]): Consumer[] => {
  const plain = [server, memory, CLIENT, BUILD, USE].join('\n')
  const inCode = [OURS, server, memory, CLIENT, BUILD, 'instrumentMcpServer(server)', USE].join('\n')
  return [
    { name: `${sdk}, import`, kind: 'mjs', text: inCode, flags: [], prints },
    { name: `${sdk}, require`, kind: 'cjs', text: commonJs(inCode), flags: [], prints },
    { name: `${sdk}, register, ES module`, kind: 'mjs', text: plain, flags: register, prints },
    { name: `${sdk}, register, CommonJS`, kind: 'cjs', text: commonJs(plain), flags: register, prints },
    { name: `${sdk}, register by its path`, kind: 'mjs', text: plain, flags: registerPath, prints },
    { name: `${sdk}, register and import`, kind: 'mjs', text: inCode, flags: register, prints },
  ]
})
