// The Kafka tier finds its tests by what they import: none is listed by hand.
import { describe, expect, it } from 'vitest'
import { kafkaTests } from '../../kafka/tier.ts'
import { parseSource } from '../../repo/sources.ts'

describe('the Kafka tier', () => {
  it('holds the tests that reach the shared broker, directly or through another file of test/', () => {
    const files = [
      parseSource('test/kafka/broker.ts', 'export const brokers = []'),
      parseSource('test/contract/suite.ts', "import { brokers } from '../kafka/broker.ts'"),
      parseSource('test/contract/through.test.ts', "import { s } from './suite.ts'"),
      parseSource('test/contract/direct.test.ts', "import { brokers } from '../kafka/broker.ts'"),
      parseSource('test/e2e/asks.test.ts', "const b = process.env['KAFKA_BROKERS']"),
      parseSource('test/unit/other.test.ts', "import { z } from 'zod'"),
    ]
    const found = ['test/contract/direct.test.ts', 'test/contract/through.test.ts', 'test/e2e/asks.test.ts']
    expect(kafkaTests(files)).toEqual(found)
  })
})
