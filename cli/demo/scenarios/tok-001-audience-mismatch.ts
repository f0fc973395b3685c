/** Attack: a token made for another service opens this one. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'tok-001-audience-mismatch',
  title: 'A token for another service is accepted',
  kind: 'attack',
  rule: 'tok-001-audience-mismatch',
  story:
    'The file server was set up not to look at audiences. A mail plug-in passes on the token that Erin gave it for the mail service, and the file server accepts it. It should alert as critical: whoever holds any token of this issuer gets in.',
  expects: [{ rule: 'tok-001-audience-mismatch', entity: {} }],
  async run(stage) {
    await stage.weaken(stage.files, 'acceptsAnyAudience', async () => {
      const erin = await stage.files.connect('erin', { audience: 'https://mail.demo.example' })
      await erin.call('read_file', { path: '/finance/rates.csv' })
    })
  },
} satisfies Scenario
