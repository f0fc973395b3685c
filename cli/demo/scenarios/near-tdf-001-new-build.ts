/** Near miss of tdf-001: a definition changes with a deployment. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-tdf-001-new-build',
  title: 'A new build with a new description',
  kind: 'near-miss',
  rule: 'tdf-001-definition-changed',
  story:
    'The pipeline announces a new build of the notes server; the server restarts with a new build digest and a better description of one tool. A change with a deployment behind it: no alert.',
  expects: [],
  async run(stage) {
    await stage.redeployNotes({
      read_note: { description: 'Reads one note of the team, by the id that list_notes gives.' },
    })
    const alice = await stage.notes.connect('alice')
    await alice.tools()
    await alice.call('list_notes')
  },
} satisfies Scenario
