/** Near miss of scp-002: the server itself asked for the new scope. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-scp-002-challenged-step-up',
  title: 'A step-up that the server asked for',
  kind: 'near-miss',
  rule: 'scp-002-scope-creep',
  story:
    'Bob may read. He tries to write, the server answers 403 insufficient_scope with the scope it needs, his client comes back with a token that has it. Growth by request: no alert.',
  expects: [],
  async run(stage) {
    const bob = await stage.files.connect('bob')
    // A history of tokens with the old scopes, so that the new one is measured against something.
    for (let tokens = 0; tokens < 6; tokens++) {
      bob.present(await stage.files.token('bob'))
      await bob.tools()
    }
    await bob.call('write_file', { path: '/plans/bob.md', text: 'mine' }).catch(() => undefined)
    bob.present(await stage.files.token('bob', { plus: ['files:write'] }))
    await bob.call('write_file', { path: '/plans/bob.md', text: 'mine' })
  },
} satisfies Scenario
