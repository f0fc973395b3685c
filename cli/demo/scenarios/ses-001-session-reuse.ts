/** Attack: a stolen session id. */
import type { Scenario } from '../scenario.ts'
import { FILES_SERVER } from '../server-v1.ts'

export default {
  name: 'ses-001-session-reuse',
  title: 'Bob speaks in Alice’s session',
  kind: 'attack',
  rule: 'ses-001-session-reuse',
  story:
    'Alice opens a session. Bob, with a token of his own, sends her session id and is answered in her context: the SDK compares the id, not the person. It should alert as critical.',
  expects: [{ rule: 'ses-001-session-reuse', entity: { server: FILES_SERVER, session: '$fact.session' } }],
  async run(stage) {
    const alice = await stage.files.connect('alice')
    await alice.call('read_file', { path: '/finance/rates.csv' })
    const sessionId = alice.sessionId ?? ''
    stage.note('session', stage.sessionFp(sessionId))

    const bob = await stage.files.connect('bob', { sessionId })
    await bob.call('read_file', { path: '/finance/rates.csv' })
  },
} satisfies Scenario
