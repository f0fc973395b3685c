/** Attack: the state of a call that waits for an answer, in other hands. */
import type { Scenario } from '../scenario.ts'
import { NOTES_SERVER } from '../server-v2.ts'

export default {
  name: 'ses-002-state-reuse',
  title: 'Bob answers a question that Alice was asked',
  kind: 'attack',
  rule: 'ses-002-handle-reuse',
  story:
    'Alice wants to publish a draft; the server asks back and hands out a requestState that is sealed, but not bound to her. Bob presents it with his yes, and her draft is public. It should alert for the state and for the draft.',
  expects: [
    { rule: 'ses-002-handle-reuse', entity: { server: NOTES_SERVER, handle: '$fact.state' } },
    { rule: 'ses-002-handle-reuse', entity: { server: NOTES_SERVER, handle: '$fact.draft' } },
  ],
  async run(stage) {
    await stage.weaken(stage.notes, 'leavesStateUnbound', async () => {
      const alice = await stage.notes.connect('alice')
      const { draft } = await alice.call('start_draft', { title: 'Not yet for everybody' })
      const state = await alice.begin('publish_draft', { draft })
      stage.note('draft', stage.handleFp(String(draft)))
      stage.note('state', stage.handleFp(state))

      const bob = await stage.notes.connect('bob')
      await bob.resume('publish_draft', { draft }, state)
    })
  },
} satisfies Scenario
