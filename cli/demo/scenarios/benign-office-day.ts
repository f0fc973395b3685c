/** Benign: people and a workload use the file server. */
import type { Scenario } from '../scenario.ts'

export default {
  name: 'benign-office-day',
  title: 'An ordinary day at the file server',
  kind: 'benign',
  story:
    'Alice, Bob, an administrator and a nightly export use the file server (SDK v1, sessions), mistakes included: a tool that does not exist, a wrong argument. Nothing should alert.',
  expects: [],
  async run(stage) {
    const alice = await stage.files.connect('alice')
    await alice.tools()
    const { basket } = await alice.call('create_basket')
    for (const path of ['/plans/roadmap.md', '/plans/offsite.md']) await alice.call('add_to_basket', { basket, path })
    await alice.call('write_file', { path: '/plans/offsite.md', text: 'Bring shoes for walking, and a coat.' })

    const bob = await stage.files.connect('bob')
    await bob.call('list_files')
    await bob.call('read_file', { path: '/plans/offsite.md' })
    await bob.call('read_fiel', { path: '/plans/offsite.md' }).catch(() => undefined)
    await bob.call('read_file', { path: 42 }).catch(() => undefined)

    const nightly = await stage.files.connect('nightly')
    for (const path of ['/plans/roadmap.md', '/plans/offsite.md', '/finance/rates.csv'])
      await nightly.call('read_file', { path })

    const dora = await stage.files.connect('dora')
    await dora.call('purge_files', { before: '2025-01-01' })
  },
} satisfies Scenario
