/**
 * B3: CPU from Kafka to rows handed to the store, detection included, per event, as a multiple of JSON.parse of the same events in the
 * same run. `node test/bench/kafka-detect.ts [EVENTS]` takes KAFKA_BROKERS or starts a broker; its CPU is not counted, only ours.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../cli/configuration.ts'
import { startBroker } from '../../cli/kafka-broker.ts'
import { startDetectRole } from '../../cli/roles/detect.ts'
import { openKafka } from '../../cli/wire-kafka.ts'
import { openStore, silentTelemetry } from '../../cli/wire-store.ts'
import { MemoryFindings } from '../../connectors/memory/findings.ts'
import { memoryStateStore } from '../../connectors/memory/state-store.ts'
import { EMPTY_INVENTORY, enricher } from '../../detectors/enrich.ts'
import { loadRules } from '../../detectors/load.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { EventStore } from '../../schemas/ports.ts'
import { rowText } from '../../schemas/row.ts'
import { median, range } from './ratios.ts'
import { realisticEvents } from './realistic-events.ts'

const ROUNDS = 5
const PUBLISHED_TOGETHER = 500
const clock = { nowMs: () => Date.now() }
const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Rows are counted and let go: what is left is our own work. */
function handedOver(): EventStore & { rows: number } {
  return {
    rows: 0,
    async open() {},
    async insertEvents(batch) {
      this.rows += batch.count
      return []
    },
    async insertFindings() {},
    async insertCoverage() {},
    async insertAlerts() {},
    storedPositions: async () => new Set(),
    query: async () => '',
    async close() {},
  }
}

const settingsFor = (brokers: readonly string[], prefix: string, group: string) =>
  loadConfig(
    {},
    { 'kafka.brokers': brokers, 'kafka.partitions': 1, 'kafka.prefix': prefix, 'kafka.group': group, targets: {} },
  )

/** Reads the whole topic once, as a detect role that has never run. Answers CPU per event, microseconds. */
async function readOnce(
  brokers: readonly string[],
  prefix: string,
  round: string,
  store: EventStore,
  events: number,
): Promise<number> {
  const settings = settingsFor(brokers, prefix, round)
  const rules = await loadRules()
  const enrich = enricher(rules, EMPTY_INVENTORY)
  const encode = (event: AuditEvent, position: Parameters<typeof rowText>[2]): string =>
    rowText(event, enrich(event), position)
  const plumbing = await openKafka({ settings, dataDir: '', keys: [], clock, telemetry: silentTelemetry, encode })
  let failure: unknown
  const from = cpuMicros()
  const role = await startDetectRole({
    ...plumbing,
    state: memoryStateStore(new MemoryFindings()),
    store,
    rules,
    encode,
    clock,
    telemetry: silentTelemetry,
    limits: settings.limits,
    onFatal: (error) => (failure ??= error),
  })
  const end = (await plumbing.end())[0]!.next
  while (failure === undefined && (role.progress()[0]?.stored ?? 0) < end)
    await new Promise((resolve) => setTimeout(resolve, 10))
  // What the events say to the owners of keys is part of detecting them.
  const keysEnd = (await plumbing.signalsEnd!())[0]!.next
  while (failure === undefined && (role.signalsProgress()[0]?.next ?? 0) < keysEnd)
    await new Promise((resolve) => setTimeout(resolve, 10))
  if (failure !== undefined) throw failure
  const spent = cpuMicros() - from
  const counters = role.engines().map((engine) => engine.counters())
  const idle = rules.rules.filter(({ id }) => counters.every(({ evaluations }) => (evaluations[id] ?? 0) === 0))
  if (idle.length > 0)
    process.stderr.write(`B3: not evaluated by this traffic: ${idle.map(({ id }) => id).join(', ')}\n`)
  await role.stop()
  await plumbing.close()
  return spent / events
}

function parseCost(texts: readonly string[]): number {
  const from = cpuMicros()
  let total = 0
  for (const text of texts) total += Object.keys(JSON.parse(text) as object).length
  if (total === 0) throw new Error('nothing parsed')
  return (cpuMicros() - from) / texts.length
}

export async function kafkaDetect(count: number): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-kafka-'))
  const given = process.env['KAFKA_BROKERS']?.split(',')
  const broker = given === undefined ? await startBroker({ nodes: 1, dir: join(dir, 'broker') }) : undefined
  const brokers = given ?? broker!.brokers
  try {
    const events = [...realisticEvents(count)].map(
      (event) => ({ ...event, tenant: 'default', receivedAt: event.receivedAt ?? event.eventTime }) as AuditEvent,
    )
    const texts = events.map((event) => JSON.stringify(event))
    const prefix = `bench-${process.pid}.`
    const plumbing = await openKafka({
      settings: settingsFor(brokers, prefix, 'fill'),
      dataDir: '',
      keys: [],
      clock,
      telemetry: silentTelemetry,
      encode: () => '',
    })
    for (let at = 0; at < events.length; at += PUBLISHED_TOGETHER)
      await plumbing.bus.publish(events.slice(at, at + PUBLISHED_TOGETHER))
    await plumbing.close()
    const handed: number[] = []
    const embedded: number[] = []
    for (let round = 0; round <= ROUNDS; round++) {
      const parse = parseCost(texts)
      const sink = handedOver()
      const ours = (await readOnce(brokers, prefix, `handed-${round}`, sink, count)) / parse
      if (sink.rows !== count) throw new Error(`B3: ${sink.rows} rows of ${count} events`)
      const path = mkdtempSync(join(dir, 'store-'))
      const store = await openStore(settingsFor(brokers, prefix, ''), path, silentTelemetry)
      const withStore = (await readOnce(brokers, prefix, `stored-${round}`, store, count)) / parse
      const stored = Number((await store.query('SELECT count() FROM events', { format: 'TSV' })).trim())
      await store.close()
      if (stored !== count) throw new Error(`B3: ${stored} rows stored of ${count} events`)
      rmSync(path, { recursive: true, force: true })
      // The first round warms up the compiler and the broker's page cache.
      if (round === 0) continue
      handed.push(ours)
      embedded.push(withStore)
    }
    return [
      `B3 Kafka -> detected -> rows handed to the store / JSON.parse: ${median(handed)} ${range(handed)} (target <= 8.0)`,
      `B3 the same into the embedded store / JSON.parse: ${median(embedded)} ${range(embedded)} (target <= 12)`,
    ]
  } finally {
    await broker?.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  for (const line of await kafkaDetect(Number(process.argv[2] ?? 100_000))) process.stdout.write(`${line}\n`)
  process.exit(0)
}
