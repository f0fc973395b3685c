/** Attack: a token made for another service opens this one. */

import { CLIENT } from '../identity-provider.ts'
import type { Scenario } from '../scenario.ts'
import { FILES_SERVER } from '../server-v1.ts'

export default {
  name: 'tok-001-audience-mismatch',
  title: 'A token for another service is accepted',
  kind: 'attack',
  rule: 'tok-001-audience-mismatch',
  story:
    'The file server was set up not to look at audiences. A mail plug-in passes on the token that Erin gave it for the mail service, and the file server accepts it. It should alert as critical: whoever holds any token of this issuer gets in.',
  expects: [
    {
      rule: 'tok-001-audience-mismatch',
      entity: { server: FILES_SERVER, client: CLIENT, principal: '$principal.erin' },
    },
  ],
  async run(stage) {
    await stage.weaken(stage.files, 'acceptsAnyAudience', async () => {
      const erin = await stage.files.connect('erin', { audience: 'https://mail.demo.example' })
      await erin.call('read_file', { path: '/finance/rates.csv' })
      // Later the server would refuse this token: an attempt that is refused is another, lesser finding.
      await erin.close()
    })
  },
} satisfies Scenario
