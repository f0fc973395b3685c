/** Keys are configured, or everything is loopback. */
import { assertLoopbackWithoutKeys } from '../configuration.ts'
import type { Check } from './check.ts'

export default {
  name: 'identities',
  async run({ settings }) {
    if (settings.credentials.length > 0)
      return { ok: true, saw: `${settings.credentials.length} credentials: tenant and server are verified` }
    try {
      assertLoopbackWithoutKeys(settings)
    } catch (error) {
      return {
        ok: false,
        saw: (error as Error).message,
        mend: 'configure credentials; without them only loopback addresses are allowed',
      }
    }
    return { ok: true, saw: 'no credentials: loopback only, tenant and server are claims of the producers' }
  },
} satisfies Check
