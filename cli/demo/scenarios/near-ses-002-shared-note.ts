/** Near miss of ses-002: ids that everybody is meant to use. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-ses-002-shared-note',
  title: 'One note, many readers',
  kind: 'near-miss',
  rule: 'ses-002-handle-reuse',
  story:
    'Alice, Bob and Carol each list the notes and read the same one by its id. The id is long and looks like a handle, but it names a shared thing: no alert.',
  expects: [],
  async run(stage) {
    for (const subject of ['alice', 'bob', 'carol'] as const) {
      const reader = await stage.notes.connect(subject)
      const { notes } = await reader.call('list_notes')
      await reader.call('read_note', { note: (notes as string[])[0] })
    }
  },
} satisfies Scenario
