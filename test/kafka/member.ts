// A member of a consumer group as a process of its own, so that a test can stop, continue and kill it.
// Arguments: driver, topic, group. Prints one JSON line per thing that happens; commits each batch after 50 ms.
import { setTimeout as sleep } from 'node:timers/promises'
import type { KafkaConsumer, KafkaOptions } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { brokers } from './broker.ts'

const [name, topic, group] = process.argv.slice(2) as [string, string, string]
const options: KafkaOptions = {
  brokers,
  clientId: `member-${process.pid}`,
  sessionTimeoutMs: 2000,
  rebalanceTimeoutMs: 5000,
}
const driver = name === 'kafkajs' ? kafkajsDriver(options) : platformaticDriver(options)
const say = (line: object) => process.stdout.write(`${JSON.stringify({ at: Date.now(), ...line })}\n`)
let consumer: KafkaConsumer | undefined
const assignments = new Map<number, number>()

consumer = await driver.consume({
  group,
  topic,
  handler: {
    assigned: async (partition, assignment) => {
      assignments.set(partition, assignment)
      say({ assigned: partition })
      return undefined
    },
    batch: async (partition, messages, nextOffset) => {
      const assignment = assignments.get(partition)!
      await sleep(50)
      // Said before it is committed, so that no kill falls between a commit and the word of it.
      say({ partition, offsets: messages.map((message) => message.offset) })
      // A process that was stopped meanwhile tries to commit for an assignment that is over.
      say({ partition, committed: await consumer?.commit(partition, nextOffset, assignment) })
    },
    revoked: async (partition) => void say({ revoked: partition }),
  },
})
say({ ready: true })
process.once('SIGTERM', () => void driver.close().then(() => process.exit(0)))
