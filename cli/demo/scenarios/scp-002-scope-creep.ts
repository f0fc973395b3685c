/** Attack: a grant grows although nobody asked for more. */

import { CLIENT } from '../identity-provider.ts'
import type { Scenario } from '../scenario.ts'
import { FILES_SERVER } from '../server-v1.ts'

export default {
  name: 'scp-002-scope-creep',
  title: 'An administrator’s scope out of nowhere',
  kind: 'attack',
  rule: 'scp-002-scope-creep',
  story:
    'Carol’s tokens have always been for reading. Then one carries files:admin, and no server ever challenged her for it: a changed grant or a stolen refresh token. It should alert as high.',
  expects: [
    { rule: 'scp-002-scope-creep', entity: { server: FILES_SERVER, client: CLIENT, principal: '$principal.carol' } },
  ],
  async run(stage) {
    const carol = await stage.files.connect('carol')
    for (let tokens = 0; tokens < 6; tokens++) {
      carol.present(await stage.files.token('carol'))
      await carol.tools()
    }
    carol.present(await stage.files.token('carol', { plus: ['files:admin'] }))
    await carol.call('list_files')
  },
} satisfies Scenario
