/** Near miss of tok-001: the right audience, spelled differently. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-tok-001-audience-spelling',
  title: 'The same audience, spelled differently',
  kind: 'near-miss',
  rule: 'tok-001-audience-mismatch',
  story:
    'Tokens name the file server in capitals, with a slash at the end, or beside a second service. All of them were made for this server: no alert.',
  expects: [],
  async run(stage) {
    const spellings = [
      'https://FILES.demo.example/mcp',
      'https://files.demo.example/mcp/',
      ['https://files.demo.example/mcp', 'https://notes.demo.example/mcp'],
    ]
    for (const audience of spellings) {
      const alice = await stage.files.connect('alice', { audience })
      await alice.call('list_files')
    }
  },
} satisfies Scenario
