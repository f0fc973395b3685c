/** Node is new enough: type stripping, node:sqlite, zstd. */
import type { Check } from './check.ts'

export default {
  name: 'node',
  async run() {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    const ok = (major === 22 && minor >= 22) || (major === 24 && minor >= 6) || major > 24
    return {
      ok,
      saw: `Node ${process.versions.node}`,
      mend: 'use Node 22.22 or later (24.6 on the 24 line); in the repository `npm run` brings its own',
    }
  },
} satisfies Check
