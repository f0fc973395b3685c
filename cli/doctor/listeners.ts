/** The addresses of the receiver and of the admin server are free, or held by a running service of ours. */
import { createServer } from 'node:net'
import { runningService } from '../admin/running-service.ts'
import { splitAddress } from '../configuration.ts'
import type { Check } from './check.ts'

export default {
  name: 'addresses',
  async run({ settings, dataDir }) {
    const service = runningService(dataDir)
    if (service !== undefined) return { ok: true, saw: `the service of this data folder runs at ${service.url}` }
    const taken: string[] = []
    for (const address of [settings.otlp, settings.admin]) if (!(await isFree(address))) taken.push(address)
    return {
      ok: taken.length === 0,
      saw: taken.length === 0 ? `${settings.otlp} and ${settings.admin} are free` : `${taken.join(' and ')} in use`,
      mend: 'stop the other program or pass --otlp and --admin',
    }
  },
} satisfies Check

/** Whether an address can be listened on now. */
export function isFree(address: string): Promise<boolean> {
  const { host, port } = splitAddress(address)
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host, port }, () => server.close(() => resolve(true)))
  })
}
