/** Near miss of tdf-002: who may more, sees more. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-tdf-002-admin-tools',
  title: 'An administrator sees more tools',
  kind: 'near-miss',
  rule: 'tdf-002-tool-set-changed',
  story:
    'Bob and then Dora list the tools of the file server. Dora has files:admin and is offered one tool more. Lists are compared among callers with the same scopes: no alert.',
  expects: [],
  async run(stage) {
    for (const subject of ['bob', 'dora', 'bob', 'dora'] as const) {
      const client = await stage.files.connect(subject)
      await client.tools()
    }
  },
} satisfies Scenario
