// The send queue: one request in flight per partition, merging, refusals, order.
import { expect, test } from 'vitest'
import { KafkaDriverError, type KafkaRecord } from '../../../../connectors/kafka/driver.ts'
import { PartitionSends } from '../../../../connectors/kafka/partition-sends.ts'

const record = (text: string, bytes = 0): KafkaRecord => ({
  key: Buffer.from(text),
  value: Buffer.alloc(bytes),
  headers: {},
})
const keys = (records: readonly KafkaRecord[]) => records.map(({ key }) => String(key))

/** A broker whose requests end when told. */
function broker() {
  const requests: {
    partition: number
    keys: string[]
    done: (offset: number) => void
    fail: (error: unknown) => void
  }[] = []
  const sends = new PartitionSends(
    (_, partition, records) =>
      new Promise((done, fail) => {
        requests.push({ partition, keys: keys(records), done: (baseOffset) => done({ baseOffset }), fail })
      }),
  )
  return { requests, sends, settled: () => new Promise((done) => setImmediate(done)) }
}

test('sends made while a request is in flight travel in the next one, each with its own offset', async () => {
  const { requests, sends, settled } = broker()
  const first = sends.send('t', 0, [record('a')])
  await settled()
  const second = sends.send('t', 0, [record('b'), record('c')])
  const third = sends.send('t', 0, [record('d')])
  await settled()
  expect(requests.map((request) => request.keys)).toEqual([['a']])
  requests[0]!.done(10)
  await settled()
  expect(requests[1]!.keys).toEqual(['b', 'c', 'd'])
  requests[1]!.done(11)
  expect(await Promise.all([first, second, third])).toEqual([
    { baseOffset: 10 },
    { baseOffset: 11 },
    { baseOffset: 13 },
  ])
})

test('partitions do not wait for each other', async () => {
  const { requests, sends, settled } = broker()
  void sends.send('t', 0, [record('a')])
  void sends.send('t', 1, [record('b')])
  await settled()
  expect(requests.map((request) => request.partition)).toEqual([0, 1])
})

test('a transient failure rejects all of its request; a refusal for good is found by sending each alone', async () => {
  const { requests, sends, settled } = broker()
  const lost = [sends.send('t', 0, [record('a')]), sends.send('t', 0, [record('b')])]
  await settled()
  requests[0]!.fail(new KafkaDriverError('unavailable', 'no leader'))
  expect((await Promise.allSettled(lost)).map((result) => result.status)).toEqual(['rejected', 'rejected'])
  const mixed = [sends.send('t', 0, [record('c')]), sends.send('t', 0, [record('bad')])]
  await settled()
  requests[1]!.fail(new KafkaDriverError('record_too_large', 'bad'))
  await settled()
  requests[2]!.done(5)
  await settled()
  requests[3]!.fail(new KafkaDriverError('record_too_large', 'bad'))
  expect((await Promise.allSettled(mixed)).map((result) => result.status)).toEqual(['fulfilled', 'rejected'])
})

test('a full queue refuses with a transient error instead of growing', async () => {
  const { requests, sends, settled } = broker()
  const accepted = Array.from({ length: 80 }, (_, i) =>
    sends.send('t', 0, [record(`${i}`, 900_000)]).then(
      () => true,
      (error) => error,
    ),
  )
  await settled()
  const refused = (await Promise.all(accepted.slice(75))).filter((result) => result instanceof KafkaDriverError)
  expect(refused).toHaveLength(5)
  expect(refused[0]).toMatchObject({ code: 'unavailable', transient: true })
  expect(requests).toHaveLength(1)
})

test('after close nothing is accepted, and what was accepted is awaited', async () => {
  const { requests, sends, settled } = broker()
  const last = sends.send('t', 0, [record('a')])
  await settled()
  const closed = sends.close()
  await expect(sends.send('t', 0, [record('b')])).rejects.toMatchObject({ code: 'closed' })
  requests[0]!.done(0)
  await closed
  expect(await last).toEqual({ baseOffset: 0 })
})
