/** Attack: a protected server answers without asking who is there. */
import type { Scenario } from '../scenario.ts'
import { NOTES_SERVER } from '../server-v2.ts'

export default {
  name: 'tok-011-unverified-request',
  title: 'A tool runs without a token',
  kind: 'attack',
  rule: 'tok-011-unverified-request',
  story:
    'A change in front of the notes server let requests without a token through. A stranger reads a note. It should alert as critical: a server that requires authorization did work for nobody.',
  expects: [{ rule: 'tok-011-unverified-request', entity: { server: NOTES_SERVER, tool: 'list_notes' } }],
  async run(stage) {
    await stage.weaken(stage.notes, 'servesWithoutToken', async () => {
      const stranger = await stage.notes.connect(undefined)
      await stranger.call('list_notes')
    })
  },
} satisfies Scenario
