// Runs the driver contract for both Kafka drivers against KAFKA_BROKERS.
import { describe } from 'vitest'
import type { KafkaOptions } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { brokers, skipReason } from '../kafka/broker.ts'
import { consumerContract } from './kafka-consumer.ts'
import { driverContract } from './kafka-driver.ts'

const options = (over: Partial<KafkaOptions>): KafkaOptions => ({ brokers, clientId: 'contract', ...over })

describe.skipIf(brokers.length === 0)(`kafkajs driver${skipReason}`, { timeout: 60_000 }, () => {
  const subject = { open: (over: Partial<KafkaOptions>) => kafkajsDriver(options(over)) }
  driverContract(subject)
  consumerContract(subject)
})

describe.skipIf(brokers.length === 0)(`platformatic driver${skipReason}`, { timeout: 60_000 }, () => {
  const subject = { open: (over: Partial<KafkaOptions>) => platformaticDriver(options(over)) }
  driverContract(subject)
  consumerContract(subject)
})
