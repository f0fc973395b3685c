/** Attack: a grant grows although nobody asked for more. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'scp-002-scope-creep',
  title: 'An administrator’s scope out of nowhere',
  kind: 'attack',
  rule: 'scp-002-scope-creep',
  story:
    'Carol’s tokens have always been for reading. Then one carries files:admin, and no server ever challenged her for it: a changed grant or a stolen refresh token. It should alert as high.',
  expects: [{ rule: 'scp-002-scope-creep', entity: {} }],
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
