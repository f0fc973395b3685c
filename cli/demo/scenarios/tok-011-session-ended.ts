/** Attack: a stranger ends the session of somebody else, which no transport of MCP tells apart from its owner doing so. */
import type { Scenario } from '../scenario.ts'
import { FILES_SERVER } from '../server-v1.ts'

export default {
  name: 'tok-011-session-ended',
  title: 'A session is ended without a token',
  kind: 'attack',
  rule: 'tok-011-unverified-request',
  story:
    'The gate of the file server lets requests without a token through. A stranger who has seen the id of Alice’s session sends a DELETE for it. Only the HTTP edge sees that request. It should alert as critical.',
  expects: [
    { rule: 'tok-011-unverified-request', entity: { server: FILES_SERVER } },
    { rule: 'ses-003-session-as-authentication', entity: { server: FILES_SERVER } },
  ],
  async run(stage) {
    const alice = await stage.files.connect('alice')
    await alice.tools()
    await stage.weaken(stage.files, 'servesWithoutToken', async () => {
      const headers = { 'mcp-session-id': alice.sessionId ?? '', 'mcp-protocol-version': '2025-11-25' }
      await fetch(stage.files.server.url, { method: 'DELETE', headers })
    })
  },
} satisfies Scenario
