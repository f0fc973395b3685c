/** Where alerts go: the configured targets, with one way to send that no target can bend. */

import { resolveSecret } from '../collector/instrument/keys/secret.ts'
import { createSend, withConsole } from '../connectors/webhook/send.ts'
import type { OpenTargets } from '../connectors/webhook/target-factory.ts'
import { loadTargets } from '../connectors/webhook/targets/load.ts'
import type { Config } from '../schemas/config.ts'
import type { Telemetry } from '../schemas/ports.ts'
import { warnOf } from './credentials.ts'
import { openDriver } from './wire-kafka.ts'

export interface ClosableTargets extends OpenTargets {
  /** After the last delivery: ends what targets keep open. */
  close(): Promise<void>
}

/** Console alerts go to stdout: that is what somebody reads who runs `up` by hand. */
export async function openTargets(settings: Config, telemetry: Telemetry): Promise<ClosableTargets> {
  const allowPrivate = settings.allowPrivateTargets
  const configured = await loadTargets(settings.targets, {
    allowPrivate,
    secret: (reference, field) => resolveSecret(reference, { component: 'config', field }, { warn: warnOf(telemetry) }),
    kafka(named) {
      const brokers = named.length > 0 ? named : settings.kafka.brokers
      return { brokers, driver: () => openDriver(settings, telemetry, [...brokers]) }
    },
  })
  const print = (text: string): Promise<void> =>
    new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve())))
  return {
    configured,
    send: withConsole(createSend({ allowPrivate }), print),
    async close() {
      await Promise.all(configured.map(({ target }) => target.close?.()))
    },
  }
}
