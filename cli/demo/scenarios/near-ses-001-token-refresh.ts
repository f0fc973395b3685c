/** Near miss of ses-001: new tokens of the same person in one session. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-ses-001-token-refresh',
  title: 'A token is refreshed within a session',
  kind: 'near-miss',
  rule: 'ses-001-session-reuse',
  story:
    'Alice keeps her session while her client refreshes the token three times. New token, same issuer and subject: the same person, no alert.',
  expects: [],
  async run(stage) {
    const alice = await stage.files.connect('alice')
    for (let refresh = 0; refresh < 3; refresh++) {
      alice.present(await stage.files.token('alice'))
      await alice.call('read_file', { path: '/plans/roadmap.md' })
    }
  },
} satisfies Scenario
