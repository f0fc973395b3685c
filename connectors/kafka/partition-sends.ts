/** Orders a producer's sends: one request in flight per partition, later sends merged into the next request. */
import { KafkaDriverError, type KafkaRecord, MAX_RECORD_BYTES, recordBytes } from './driver.ts'

/** Performs one produce request to one partition; its result must name the partition. */
export type SendRequest = (
  topic: string,
  partition: number,
  records: readonly KafkaRecord[],
) => Promise<{ readonly baseOffset: number }>

/** Records merged into one request; the bytes limit is MAX_RECORD_BYTES (a single record may reach it alone). */
const MAX_MERGED_RECORDS = 5000
/** Bytes that may wait in one producer. Beyond it a send is refused: back pressure, never unbounded memory. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024

interface Waiting {
  readonly records: readonly KafkaRecord[]
  readonly bytes: number
  readonly done: (result: { baseOffset: number }) => void
  readonly fail: (error: unknown) => void
}

interface Lane {
  readonly topic: string
  readonly partition: number
  readonly waiting: Waiting[]
  running: Promise<void> | undefined
}

export class PartitionSends {
  readonly #request: SendRequest
  readonly #lanes = new Map<string, Lane>()
  #waitingBytes = 0
  #closed = false

  constructor(request: SendRequest) {
    this.#request = request
  }

  /** Resolves with the offset of the first record. Rejects with `record_too_large` before anything is sent. */
  send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ readonly baseOffset: number }> {
    if (this.#closed) return Promise.reject(new KafkaDriverError('closed', `the producer is closed (topic ${topic})`))
    if (records.length === 0)
      return Promise.reject(new KafkaDriverError('protocol', `a send to ${topic} without records`))
    let bytes = 0
    for (const [index, record] of records.entries()) {
      const size = recordBytes(record)
      if (size > MAX_RECORD_BYTES) {
        const text = `record ${index} for ${topic}[${partition}] has ${size} bytes, the limit is ${MAX_RECORD_BYTES}`
        return Promise.reject(new KafkaDriverError('record_too_large', text))
      }
      bytes += size
    }
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      const text = `the send queue is full (${this.#waitingBytes} bytes wait, ${bytes} more for ${topic}[${partition}])`
      return Promise.reject(new KafkaDriverError('unavailable', text))
    }
    this.#waitingBytes += bytes
    const key = `${topic}:${partition}`
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = { topic, partition, waiting: [], running: undefined }
      this.#lanes.set(key, lane)
    }
    const owner = lane
    const result = new Promise<{ baseOffset: number }>((done, fail) =>
      owner.waiting.push({ records, bytes, done, fail }),
    )
    owner.running ??= this.#run(owner)
    return result
  }

  /** Refuses new sends and waits for those accepted. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#lanes.values()].map((lane) => lane.running))
  }

  async #run(lane: Lane): Promise<void> {
    // One turn of the loop later, sends made in the same tick travel together.
    await Promise.resolve()
    while (lane.waiting.length > 0) {
      const sends = takeMerged(lane.waiting)
      await this.#attempt(lane, sends)
      for (const send of sends) this.#waitingBytes -= send.bytes
    }
    // In the same turn as the last look at the queue: a send made in the next one must start the lane again.
    lane.running = undefined
  }

  async #attempt(lane: Lane, sends: readonly Waiting[]): Promise<void> {
    try {
      let offset = -1
      const records = sends.length === 1 ? sends[0]!.records : sends.flatMap((send) => send.records)
      for (const part of splitRecords(records)) {
        const result = await this.#request(lane.topic, lane.partition, part)
        if (offset === -1) offset = result.baseOffset
      }
      for (const send of sends) {
        send.done({ baseOffset: offset })
        offset += send.records.length
      }
    } catch (error) {
      // A request refused for good (one bad record) must not take its merged neighbours along.
      if (sends.length > 1 && error instanceof KafkaDriverError && !error.transient) {
        for (const send of sends) await this.#attempt(lane, [send])
      } else for (const send of sends) send.fail(error)
    }
  }
}

function takeMerged(waiting: Waiting[]): Waiting[] {
  let bytes = 0
  let records = 0
  let count = 0
  for (const send of waiting) {
    bytes += send.bytes
    records += send.records.length
    if (count > 0 && (bytes > MAX_RECORD_BYTES || records > MAX_MERGED_RECORDS)) break
    count++
  }
  return waiting.splice(0, count)
}

/** Cuts one large send into requests below the broker's message limit, in order. */
function* splitRecords(records: readonly KafkaRecord[]): Generator<readonly KafkaRecord[]> {
  let start = 0
  let bytes = 0
  for (let i = 0; i < records.length; i++) {
    const size = recordBytes(records[i]!)
    if (i > start && (bytes + size > MAX_RECORD_BYTES || i - start >= MAX_MERGED_RECORDS)) {
      yield records.slice(start, i)
      start = i
      bytes = 0
    }
    bytes += size
  }
  yield start === 0 ? records : records.slice(start)
}
