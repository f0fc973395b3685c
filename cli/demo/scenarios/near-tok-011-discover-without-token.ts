/** Near miss of tok-011: asking without a token is refused, or allowed by policy. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'near-tok-011-discover-without-token',
  title: 'Asking without a token',
  kind: 'near-miss',
  rule: 'tok-011-unverified-request',
  story:
    'A client without a token asks the notes server what it speaks (server/discover, open by policy), and is refused when it wants more, on both servers. Nothing ran without a token: no alert.',
  expects: [],
  async run(stage) {
    const stranger = await stage.notes.connect(undefined)
    await stranger.tools().catch(() => undefined)
    await stage.files.connect(undefined).catch(() => undefined)
  },
} satisfies Scenario
