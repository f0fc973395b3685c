/** Benign: the reference server from npm, over stdio, from the clients of both SDKs. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'benign-everything',
  title: 'The reference server over stdio',
  kind: 'benign',
  story:
    'Clients of SDK v1 and v2 each start @modelcontextprotocol/server-everything over stdio and call its tools. There is no token on stdio, and none is expected. Nothing should alert.',
  expects: [],
  async run(stage) {
    const clients = await Promise.all([stage.everything('v1'), stage.everything('v2')])
    for (const client of clients) {
      await client.tools()
      await client.call('echo', { message: 'Is anybody there?' })
      await client.call('get-sum', { a: 19, b: 23 })
      await client.call('get-structured-content', { location: 'New York' })
      await client.call('get-tiny-image')
    }
    await Promise.all(clients.map((client) => client.close()))
  },
} satisfies Scenario
