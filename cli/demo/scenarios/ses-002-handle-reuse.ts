/** Attack: a handle in other hands, on a server that has no sessions. */
import type { Scenario } from '../scenario.ts'
import { NOTES_SERVER } from '../server-v2.ts'

export default {
  name: 'ses-002-handle-reuse',
  title: 'Bob writes into Alice’s draft',
  kind: 'attack',
  rule: 'ses-002-handle-reuse',
  story:
    'Alice starts a draft and gets its handle. Bob presents that handle and the server lets him read and change her draft. There is no session to steal any more; the handle is the session. It should alert as high.',
  expects: [{ rule: 'ses-002-handle-reuse', entity: { server: NOTES_SERVER, handle: '$fact.draft' } }],
  async run(stage) {
    const alice = await stage.notes.connect('alice')
    const { draft } = await alice.call('start_draft', { title: 'Salaries next year' })
    stage.note('draft', stage.handleFp(String(draft)))

    const bob = await stage.notes.connect('bob')
    await bob.call('append_draft', { draft, line: 'Bob: twice as much' })
  },
} satisfies Scenario
