/** The Kafka brokers that are configured can be reached. */
import { connect } from 'node:net'
import { splitAddress } from '../configuration.ts'
import type { Check } from './check.ts'

const TIMEOUT_MS = 3_000

export default {
  name: 'brokers',
  async run({ settings }) {
    const { brokers } = settings.kafka
    if (brokers.length === 0) return { ok: true, saw: 'none configured: the bus is embedded' }
    const reached = await Promise.all(brokers.map(reaches))
    const silent = brokers.filter((_, i) => !reached[i])
    return {
      ok: silent.length === 0,
      saw: silent.length === 0 ? `${brokers.join()} can be reached` : `${silent.join()} cannot be reached`,
      mend: 'start the brokers, or mend kafka.brokers (KAFKA_BROKERS)',
    }
  },
} satisfies Check

function reaches(broker: string): Promise<boolean> {
  const { host, port } = splitAddress(broker)
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const end = (reached: boolean) => () => {
      socket.destroy()
      resolve(reached)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}
