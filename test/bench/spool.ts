/** B6: events per CPU second with a spool on disk, fsync and hashes against the same without: the instrument's sink over OTLP, and intake. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeEvents } from '../../collector/event-records.ts'
import { AuditQueue } from '../../collector/instrument/delivery/audit-queue.ts'
import type { QueueOptions } from '../../collector/instrument/delivery/audit-sink.ts'
import { OtlpAuditExporter } from '../../collector/instrument/delivery/otlp-exporter.ts'
import { type Fields, pendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { createIntake } from '../../collector/intake.ts'
import { readLogs } from '../../collector/normalize.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'
import { type Disk, realDisk } from '../../connectors/spool/disk.ts'
import { Spool } from '../../connectors/spool/spool.ts'
import { rowText } from '../../schemas/row.ts'
import { median, range } from './ratios.ts'
import { realisticEvents } from './realistic-events.ts'

const TARGET = 0.85
const ROUNDS = Number(process.argv[2] ?? 9)
const EVENTS = 40_000
/** Events between two turns of the event loop, as a busy server makes them. */
const BURST = 40
const REQUEST_EVENTS = 250
const REQUESTS_IN_FLIGHT = 8

/** The other end of the wire: takes everything, keeps nothing, in a process of its own. */
async function serve(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200).end())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send!((server.address() as AddressInfo).port)
  await once(process, 'disconnect')
  server.closeAllConnections()
  server.close()
}

async function measure(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-spool-'))
  const receiver = fork(import.meta.filename)
  try {
    const [port] = (await once(receiver, 'message')) as [number]
    const url = `http://127.0.0.1:${port}`
    for (const fsync of ['interval', 'never', 'each'] as const) {
      const events = fsync === 'each' ? EVENTS / 20 : EVENTS
      const pair = await ratios(
        () => sinkRate(url, { spool: false }, events),
        () => sinkRate(url, { spool: { folder: join(folder, fsync), fsync } }, events),
      )
      say(`instrument's sink, fsync ${fsync}`, pair)
    }
    const bodies = requestBodies()
    const pair = await ratios(
      () => intakeRate(bodies, join(folder, 'off'), NO_DISK),
      () => intakeRate(bodies, join(folder, 'on'), realDisk),
    )
    say('intake of the service', pair, TARGET)
  } finally {
    receiver.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Pair {
  readonly on: Rate[]
  readonly off: Rate[]
}
type Measurement = () => Promise<Rate>
/** Both in turn, now one first and now the other: neighbours on the machine must not always meet the same one. */
async function ratios(off: Measurement, on: Measurement): Promise<Pair> {
  const pair: Pair = { on: [], off: [] }
  await off()
  await on()
  for (let round = 0; round < ROUNDS; round++)
    for (const variant of round % 2 === 0 ? (['off', 'on'] as const) : (['on', 'off'] as const))
      pair[variant].push(await (variant === 'on' ? on() : off()))
  return pair
}
function say(what: string, { on, off }: Pair, target?: number): void {
  const ratio = (of: (rate: Rate) => number): number[] => on.map((rate, round) => of(rate) / of(off[round]!))
  const cpu = ratio(({ perCpuSecond }) => perCpuSecond)
  const clock = ratio(({ perSecond }) => perSecond)
  const isMet = target !== undefined && Number(median(cpu)) >= target
  const bar = target === undefined ? 'no bar' : `target >= ${target}: ${isMet ? 'met' : 'MISSED'}`
  console.log(
    `B6 ${what}: on / off ${median(cpu)} ${range(cpu)} by CPU, ${bar}; ${median(clock)} ${range(clock)} by the clock`,
  )
}

/** From emit to the receiver's answer, hashing and gzip included. */
async function sinkRate(url: string, options: QueueOptions, events: number): Promise<Rate> {
  const queue = new AuditQueue(new OtlpAuditExporter({ url }), { maxQueued: 16_384, delayMs: 20, ...options })
  const producer = { serverId: 'bench', producerId: '0193c0de-0000-7000-8000-000000000001' }
  const fields = [...realisticEvents(256)].map((event) => {
    const { eventId: _, eventTime: _time, serverId: _server, producerId: _producer, producerSeq: _seq, ...rest } = event
    return rest as unknown as Fields
  })
  const stop = start(events)
  for (let emitted = 0; emitted < events; ) {
    for (let i = 0; i < BURST; i++) queue.emit(pendingEvent(producer, fields[emitted++ % fields.length]!))
    await new Promise((resolve) => setImmediate(resolve))
    // An open loop would measure the queue: what waits is bounded.
    while (queue.stats.queued > 8_192) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await queue.flush(60_000)
  const rate = stop()
  const { sent, dropped } = queue.stats
  if (dropped > 0 || sent < events) throw new Error(`${sent} sent, ${dropped} dropped of ${events}`)
  await queue.shutdown()
  return rate
}

/** Events a second of CPU, thread pool included, and of the clock. */
interface Rate {
  readonly perCpuSecond: number
  readonly perSecond: number
}
function start(events: number): () => Rate {
  const cpu = process.cpuUsage()
  const from = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { perCpuSecond: (events * 1e6) / (user + system), perSecond: (events * 1e3) / (performance.now() - from) }
  }
}

const CALLER = { tenant: 'default', producer: 'bench', claimed: true } as const
const SILENT = { count() {}, gauge() {}, log() {} }
const CLOCK = { nowMs: () => Date.now() }
const requestBodies = (): Uint8Array[] => {
  const events = [...realisticEvents(EVENTS)]
  return Array.from({ length: EVENTS / REQUEST_EVENTS }, (_, at) =>
    encodeEvents(events.slice(at * REQUEST_EVENTS, (at + 1) * REQUEST_EVENTS)),
  )
}

/** Nothing is written, forced or hashed on the way to a disk that is not there. */
const NO_DISK: Disk = {
  makeFolder: (path) => realDisk.makeFolder(path),
  write: async () => undefined,
  syncFile: async () => undefined,
  syncFolder: async () => undefined,
  rename: async () => undefined,
  remove: async () => undefined,
  read: (path) => realDisk.read(path),
  list: (path) => realDisk.list(path),
}

/** From the bytes of a request to its acknowledgement. */
async function intakeRate(bodies: readonly Uint8Array[], dir: string, disk: Disk): Promise<Rate> {
  rmSync(dir, { recursive: true, force: true })
  const encode = (event: Parameters<typeof rowText>[0], position: Parameters<typeof rowText>[2]): string =>
    rowText(event, {} as Parameters<typeof rowText>[1], position)
  const spool = await Spool.open({ dir, clock: CLOCK, telemetry: SILENT, maxBytes: 1e10, encode, disk })
  const intake = createIntake({
    bus: spool,
    deadLetters: { add: async () => undefined },
    clock: CLOCK,
    telemetry: SILENT,
  })
  const stop = start(EVENTS)
  let next = 0
  const sender = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) {
      const { candidates, refused } = readLogs(decodeLogs(body), { caller: CALLER, atMs: Date.now() })
      await intake.take(candidates, refused, CALLER)
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, sender))
  const rate = stop()
  await spool.close()
  return rate
}

if (process.send !== undefined) await serve()
else await measure()
