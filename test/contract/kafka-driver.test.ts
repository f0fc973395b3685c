// Runs the driver contract for both Kafka drivers against KAFKA_BROKERS.
import { describe } from 'vitest'
import type { KafkaOptions } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { brokers, skipReason } from '../kafka/broker.ts'
import { driverContract } from './kafka-driver.ts'

const options = (over: Partial<KafkaOptions>): KafkaOptions => ({ brokers, clientId: 'contract', ...over })

describe.skipIf(brokers.length === 0)(`kafkajs driver${skipReason}`, { timeout: 60_000 }, () => {
  driverContract({ open: (over) => kafkajsDriver(options(over)) })
})

describe.skipIf(brokers.length === 0)(`platformatic driver${skipReason}`, { timeout: 60_000 }, () => {
  driverContract({ open: (over) => platformaticDriver(options(over)) })
})
