/** Benign: a draft is written, confirmed and published on the modern server. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'benign-notes',
  title: 'A draft is written and published',
  kind: 'benign',
  story:
    'Alice writes a draft on the notes server (SDK v2, protocol 2026-07-28, stateless) and confirms its publication in a second round; Bob reads notes. Nothing should alert.',
  expects: [],
  async run(stage) {
    const alice = await stage.notes.connect('alice')
    await alice.tools()
    const { draft } = await alice.call('start_draft', { title: 'What we learned' })
    await alice.call('append_draft', { draft, line: 'Small files are kind to readers.' })
    // Two tools/call requests: the server asks back, the client answers with the state it was given.
    await alice.call('publish_draft', { draft })

    const bob = await stage.notes.connect('bob')
    const { notes } = await bob.call('list_notes')
    for (const note of notes as string[]) await bob.call('read_note', { note })
  },
} satisfies Scenario
