// The two answers of a broker that the kafkajs driver reads by itself.
import { expect, test } from 'vitest'
import { batchEnds } from '../../../../connectors/kafka/kafkajs-fetcher.ts'
import { decodeTopicId, topicIdRequest } from '../../../../connectors/kafka/kafkajs-topic-id.ts'

/** A Metadata v10 answer of Kafka 4.3 for topic `tt`, recorded. */
const RECORDED =
  '000000000002000000010a3132372e302e302e310000826b00001762574e774c5746315a476c305a4331305a584e304d51000000010200000374742d98' +
  '5a853ad042688819fde80473ba600002000000000000000000010000000002000000010200000001010080000000008000000000'

test('the topic id is read from a recorded metadata answer', () => {
  expect(decodeTopicId(Buffer.from(RECORDED, 'hex'), 'tt')).toEqual({
    errorCode: 0,
    id: '2d985a853ad042688819fde80473ba60',
  })
})

test('the metadata request names the topic behind an empty tag section', async () => {
  const { request } = topicIdRequest('tt')
  expect((await request.encode()).buffer.toString('hex')).toBe(`0002${'00'.repeat(16)}0374740000000000`)
  expect(request).toMatchObject({ apiKey: 3, apiVersion: 10 })
})

test('a topic the broker does not know is said to be unknown', () => {
  const { response } = topicIdRequest('tt')
  expect(() => response.parse({ errorCode: 3, id: '' })).toThrow(/topic tt/)
})

/** A Fetch v11 answer with one topic and these record bytes by partition. */
function fetchAnswer(partitions: Record<number, Buffer>): Buffer {
  const head = Buffer.alloc(10 + 4 + 2 + 1 + 4)
  head.writeInt32BE(1, 10)
  head.writeInt16BE(1, 14)
  head.write('t', 16)
  head.writeInt32BE(Object.keys(partitions).length, 17)
  const parts = Object.entries(partitions).map(([partition, records]) => {
    const fields = Buffer.alloc(30 + 4 + 4 + 4)
    fields.writeInt32BE(Number(partition), 0)
    fields.writeInt32BE(-1, 30) // no list of aborted transactions
    fields.writeInt32BE(records.length, 38)
    return Buffer.concat([fields, records])
  })
  return Buffer.concat([head, ...parts])
}
function batch(base: number, lastDelta: number, payload = 0): Buffer {
  const bytes = Buffer.alloc(61 + payload)
  bytes.writeBigInt64BE(BigInt(base), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(lastDelta, 23)
  return bytes
}

test('the end of a partition’s batches counts batches without records, and not one that was cut off', () => {
  const cut = batch(100, 5, 40).subarray(0, 80)
  const answer = fetchAnswer({
    0: Buffer.concat([batch(10, 4, 20), batch(15, 2)]),
    1: Buffer.alloc(0),
    7: Buffer.concat([batch(90, 9), cut]),
  })
  expect([...batchEnds(answer)]).toEqual([
    [0, 18],
    [7, 100],
  ])
})
