// Both Kafka drivers beside each other: CPU per record, idle CPU, and (--leader-move) what kill -9 of leaders loses.
// Usage: node test/bench/kafka-drivers.ts [--leader-move] [--seeds N] [--records N]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startBroker } from '../../cli/kafka-broker.ts'
import type {
  Compression,
  KafkaConsumer,
  KafkaDriver,
  KafkaOptions,
  KafkaRecord,
} from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'

const { values: flags } = parseArgs({
  options: {
    'leader-move': { type: 'boolean', default: false },
    seeds: { type: 'string', default: '5' },
    records: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
    driver: { type: 'string', default: '' },
  },
})
const drivers = Object.entries({ kafkajs: kafkajsDriver, platformatic: platformaticDriver }).filter(([name]) =>
  name.includes(flags.driver),
)
const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-bench-'))

/** CPU of this process, user and system, in microseconds. */
async function cpuMicros(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const used = process.cpuUsage(before)
  return used.user + used.system
}

const value = Buffer.from(
  JSON.stringify({ event: 'x'.repeat(80), ids: Array.from({ length: 30 }, (_, i) => `${i}-${(i * 2654435761) >>> 0}`) })
    .padEnd(750, '.')
    .slice(0, 750),
)
const records = (count: number): KafkaRecord[] =>
  Array.from({ length: count }, () => ({ key: null, value, headers: {} }))

/** Microseconds of CPU per record: produced in sends of 500 over four partitions, and read back by a group. */
async function costs(
  driver: KafkaDriver,
  topic: string,
  total: number,
  compression: Compression,
): Promise<{ produce: number; consume: number }> {
  await driver.createTopics([{ topic, partitions: 4 }])
  const producer = await driver.producer({ compression })
  await producer.send(topic, 0, records(1))
  const batch = records(500)
  const produce = await cpuMicros(async () => {
    const lanes = [0, 1, 2, 3].map(async (partition) => {
      for (let sent = 0; sent < total / 4; sent += batch.length) await producer.send(topic, partition, batch)
    })
    await Promise.all(lanes)
  })
  await producer.close()
  let seen = 0
  let finished: () => void = () => undefined
  const all = new Promise<void>((done) => {
    finished = done
  })
  const consume = await cpuMicros(async () => {
    const consumer = await driver.consume({
      group: topic,
      topic,
      handler: {
        assigned: async () => 0,
        batch: async (_, messages) => {
          seen += messages.length
          if (seen >= total) finished()
        },
        revoked: async () => undefined,
      },
    })
    await all
    await consumer.close()
  })
  return { produce: produce / total, consume: consume / total }
}

async function idlePercent(driver: KafkaDriver, topic: string): Promise<number> {
  const producer = await driver.producer()
  await producer.send(topic, 0, records(1))
  const handler = { assigned: async () => undefined, batch: async () => undefined, revoked: async () => undefined }
  const consumer = await driver.consume({ group: `${topic}-idle`, topic, handler, fromBeginning: false })
  await sleep(1000)
  const micros = await cpuMicros(() => sleep(10_000))
  await consumer.close()
  await producer.close()
  return micros / 100_000
}

const range = (figures: number[], digits = 1) => {
  const sorted = figures.map((figure) => figure.toFixed(digits)).sort((a, b) => Number(a) - Number(b))
  return sorted.length === 1 ? sorted[0]! : `${sorted[0]}-${sorted.at(-1)}`
}

async function cpuTable(): Promise<void> {
  const broker = await startBroker({ nodes: 1, dir })
  const total = Number(flags.records)
  try {
    for (const [name, open] of drivers) {
      const options: KafkaOptions = { brokers: broker.brokers, clientId: 'bench' }
      const figures: Record<string, number[]> = { produce: [], consume: [], zstdProduce: [], zstdConsume: [] }
      for (let round = 0; round < Number(flags.rounds); round++) {
        const driver = open(options)
        const plain = await costs(driver, `${name}-none-${round}`, total, 'none')
        const zstd = await costs(driver, `${name}-zstd-${round}`, total, 'zstd')
        await driver.close()
        figures['produce']!.push(plain.produce)
        figures['consume']!.push(plain.consume)
        figures['zstdProduce']!.push(zstd.produce)
        figures['zstdConsume']!.push(zstd.consume)
      }
      const driver = open(options)
      const idle = await idlePercent(driver, `${name}-none-0`)
      await driver.close()
      process.stdout.write(
        `${name}: produce ${range(figures['produce']!)} us, consume ${range(figures['consume']!)} us, zstd produce ${range(figures['zstdProduce']!)} us, ` +
          `zstd consume ${range(figures['zstdConsume']!)} us of CPU per 750-byte record; idle ${idle.toFixed(2)} % of a core\n`,
      )
    }
  } finally {
    await broker.stop()
  }
}

/** Small deterministic generator: a seed names one run. */
function seeded(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** Two members of a group, committing what they handled; counts how often each record was handled. */
async function group(driver: KafkaDriver, topic: string) {
  const handled = new Map<string, number>()
  const stalls: number[] = []
  const ends = new Map<number, number>()
  let lastAt = Date.now()
  const members = await Promise.all(
    [0, 1].map(async () => {
      let member: KafkaConsumer | undefined
      member = await driver.consume({
        group: topic,
        topic,
        handler: {
          assigned: async () => undefined,
          batch: async (partition, messages, nextOffset) => {
            for (const { value } of messages) handled.set(String(value), (handled.get(String(value)) ?? 0) + 1)
            stalls.push(Date.now() - lastAt)
            lastAt = Date.now()
            ends.set(partition, nextOffset)
            await member?.commit(partition, nextOffset).catch(() => false)
          },
          revoked: async () => undefined,
        },
      })
      return member
    }),
  )
  return { handled, stalls, ends, members }
}

/** One run: sends to six partitions while nodes are killed and restarted; then acknowledged vs read back and vs handled. */
async function leaderMove(open: (options: KafkaOptions) => KafkaDriver, name: string, seed: number): Promise<string> {
  const random = seeded(seed)
  const cluster = await startBroker({ nodes: 3, dir: join(dir, `${name}-${seed}`) })
  const driver = open({ brokers: cluster.brokers, clientId: 'bench', sessionTimeoutMs: 6000 })
  const topic = `move-${seed}`
  const acknowledged: string[] = []
  let failed = 0
  try {
    await driver.createTopics([{ topic, partitions: 6, replicas: 3, config: { 'min.insync.replicas': '2' } }])
    const producer = await driver.producer()
    const readers = await group(driver, topic)
    let running = true
    const lanes = Array.from({ length: 24 }, async (_, lane) => {
      for (let i = 0; running; i++) {
        const id = `${lane}-${i}`
        const sent = producer.send(topic, lane % 6, [{ key: null, value: Buffer.from(id), headers: {} }])
        await sent.then(
          () => void acknowledged.push(id),
          () => void failed++,
        )
        await sleep(2)
      }
    })
    for (const node of [Math.floor(random() * 3), Math.floor(random() * 3)]) {
      await sleep(1000 + random() * 1000)
      await cluster.kill(node, 'SIGKILL')
      await sleep(6000 + random() * 2000)
      await cluster.restart(node)
    }
    await sleep(2000)
    running = false
    await Promise.all(lanes)
    const counts = new Map<string, number>()
    const highs: number[] = []
    for (let partition = 0; partition < 6; partition++) {
      const { high } = await driver.watermarks(topic, partition)
      highs.push(high)
      await driver.read(topic, partition, 0, high, (messages) => {
        for (const { value } of messages) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
      })
    }
    const behind = () => highs.some((high, partition) => (readers.ends.get(partition) ?? 0) < high)
    for (const deadline = Date.now() + 20_000; behind() && Date.now() < deadline; ) await sleep(50)
    await Promise.all(readers.members.map((member) => member.close()))
    const lost = acknowledged.filter((id) => !counts.has(id)).length
    const duplicates = acknowledged.reduce((sum, id) => sum + Math.max(0, (counts.get(id) ?? 0) - 1), 0)
    const unhandled = acknowledged.filter((id) => !readers.handled.has(id)).length
    const again = [...readers.handled].reduce((sum, [id, times]) => sum + times - (counts.get(id) ?? 0), 0)
    const stallMs = readers.stalls.reduce((most, stall) => Math.max(most, stall), 0)
    return (
      `acknowledged ${acknowledged.length}, refused ${failed}, lost ${lost}, duplicates ${duplicates}; ` +
      `group: never handled ${unhandled}, handled again ${again}, longest stall ${stallMs} ms`
    )
  } finally {
    await driver.close().catch(() => undefined)
    await cluster.stop()
  }
}

try {
  if (flags['leader-move']) {
    for (const [name, open] of drivers)
      for (let seed = 1; seed <= Number(flags.seeds); seed++)
        process.stdout.write(`${name} seed ${seed}: ${await leaderMove(open, name, seed)}\n`)
  } else await cpuTable()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
