/** Asks for a topic's UUID with one raw Metadata v10 request: kafkajs stops at v6, which does not carry it. */
import { KafkaDriverError } from './driver.ts'
import { errorName, METADATA_API_KEY, type ProtocolRequest } from './kafkajs-internals.ts'

interface TopicId {
  readonly errorCode: number
  readonly id: string
}

/** The request and its decoder, for kafkajs' own connection (which adds a v1 header: the v2 header's empty tags come first). */
export function topicIdRequest(topic: string): ProtocolRequest<TopicId> {
  const name = Buffer.from(topic)
  const body = Buffer.concat([
    Buffer.from([0]), // the request header's tags
    unsignedVarint(2), // one topic
    Buffer.alloc(16), // its id is what we ask for
    unsignedVarint(name.length + 1),
    name,
    Buffer.from([0, 0, 0, 0, 0]), // topic's tags; no auto creation, no authorised operations of cluster or topics; tags
  ])
  return {
    request: {
      apiKey: METADATA_API_KEY,
      apiVersion: 10,
      apiName: 'Metadata',
      encode: async () => ({ buf: body, buffer: body }),
    },
    response: {
      decode: async (raw) => decodeTopicId(raw, topic),
      parse: (answer) => {
        if (answer.errorCode === 0) return answer
        const code = answer.errorCode === 3 ? 'unknown_topic' : answer.errorCode === 5 ? 'unavailable' : 'protocol'
        throw new KafkaDriverError(code, `topic ${topic}: ${errorName(answer.errorCode)}`)
      },
    },
  }
}

/** Reads a Metadata v10 answer up to the first topic's id. */
export function decodeTopicId(raw: Buffer, topic: string): TopicId {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = raw.readUInt8(at++)
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new KafkaDriverError('protocol', `topic ${topic}: unreadable metadata answer`)
  }
  const skipString = () => {
    const length = varint() // read first: `at +=` would keep the position from before it
    at += Math.max(0, length - 1)
  }
  const skipTags = () => {
    for (let tags = varint(); tags > 0; tags--) {
      varint() // which tag
      const length = varint()
      at += length
    }
  }
  skipTags() // the response header's
  at += 4 // throttle time
  for (let brokers = varint() - 1; brokers > 0; brokers--) {
    at += 4
    skipString() // host
    at += 4
    skipString() // rack
    skipTags()
  }
  skipString() // cluster id
  at += 4 // controller
  if (varint() !== 2) throw new KafkaDriverError('protocol', `topic ${topic}: metadata answer without the topic`)
  const errorCode = raw.readInt16BE(at)
  at += 2
  skipString() // name
  return { errorCode, id: raw.toString('hex', at, at + 16) }
}

function unsignedVarint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}
