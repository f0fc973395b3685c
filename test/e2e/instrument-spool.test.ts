/** Producers that are killed, that exit and that throw, with a receiver that comes and goes: nothing is lost, and nothing stays double. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { createSink, OtlpAuditExporter } from '../../collector/instrument/index.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'
import { RetrySet } from '../../detectors/engine/retry-set.ts'
import type { AuditEvent } from '../../schemas/event.ts'

const CHILD = join(import.meta.dirname, 'instrument-spool-child.ts')
let folder: string
let receiver: Receiver
let children: ChildProcess[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spool-e2e-'))
  receiver = await Receiver.start()
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  await receiver.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** OTLP over HTTP with the decoder of the service, and its way to know a retry. */
class Receiver {
  down = false
  readonly received: AuditEvent[] = []
  readonly fresh: AuditEvent[] = []
  private readonly retries = new RetrySet()
  private readonly server: Server
  private constructor() {
    this.server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      if (this.down) {
        response.writeHead(503).end()
        return
      }
      const body = Buffer.concat(chunks)
      const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
      for (const { records } of decodeLogs(bytes))
        for (const record of records) {
          const event = JSON.parse(String(record.body)) as AuditEvent
          this.received.push(event)
          if (!this.retries.isRetry(event)) this.fresh.push(event)
        }
      response.writeHead(200).end()
    })
  }
  static async start(): Promise<Receiver> {
    const receiver = new Receiver()
    receiver.server.listen(0, '127.0.0.1')
    await once(receiver.server, 'listening')
    return receiver
  }
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }
  of(producerId: string): AuditEvent[] {
    return this.fresh.filter((event) => event.producerId === producerId)
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }
}

const instance = (number: number): string => `0193c0de-0000-7000-8000-${String(number).padStart(12, '0')}`
function produce(fsync: string, manner: string, producerId: string, count = 0) {
  const child = spawn(process.execPath, [CHILD, receiver.url, folder, fsync, manner, producerId, String(count)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  children.push(child)
  const state = { promised: 0 }
  createInterface({ input: child.stdout! }).on('line', (line) => {
    state.promised = Number(line)
  })
  return { child, state, ended: once(child, 'close') }
}
/** Another process on the folder sends what is left there. */
async function drained(): Promise<void> {
  await produce('interval', 'drain', instance(99), 1).ended
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)
const numbersOf = (producerId: string): number[] => receiver.of(producerId).map((event) => event.producerSeq!)

describe('kill -9', () => {
  it.each(['each', 'interval'])(
    'in the middle, twice, with a receiver that comes and goes: nothing is lost (%s)',
    async (fsync) => {
      const promised: number[] = []
      for (const round of [1, 2]) {
        const { child, state, ended } = produce(fsync, 'steady', instance(round))
        await expect.poll(() => state.promised, { timeout: 20_000 }).toBeGreaterThan(200)
        receiver.down = true
        const soFar = state.promised
        await expect.poll(() => state.promised, { timeout: 20_000 }).toBeGreaterThan(soFar + 1_500)
        // The first is killed while nothing can be sent, the second while it sends what both have left.
        receiver.down = round === 1
        child.kill('SIGKILL')
        await ended
        promised.push(state.promised)
        receiver.down = false
      }
      await drained()
      for (const [at, least] of promised.entries()) {
        const seen = numbersOf(instance(at + 1)).sort((a, b) => a - b)
        expect(seen.length).toBeGreaterThanOrEqual(least)
        expect(seen).toEqual(upTo(seen.length))
      }
      expect(new Set(receiver.fresh.map(({ eventId }) => eventId)).size).toBe(receiver.fresh.length)
      await expect.poll(() => segments(), { timeout: 10_000 }).toEqual([])
    },
  )
})

const segments = (): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.seg'))

describe('a process that ends without shutdownAudit', () => {
  it.each(['exit', 'throw'])('by %s loses nothing, what it says while it ends included', async (manner) => {
    receiver.down = true
    await produce('interval', manner, instance(1), 700).ended
    receiver.down = false
    await drained()
    expect(numbersOf(instance(1))).toEqual(upTo(manner === 'exit' ? 701 : 700))
  })
})

describe('50,000 events over OTLP with the bus down, then up', () => {
  const producer = { serverId: 'flood', producerId: instance(7) }
  const flood = async (spool: string | false) => {
    receiver.down = true
    const sink = createSink(new OtlpAuditExporter({ url: receiver.url }), {
      ...{ delayMs: 5, retryBaseMs: 5, retryMaxMs: 20, maxQueued: 2_000, spool },
    })
    for (let round = 0; round < 100; round++) {
      for (let i = 0; i < 500; i++) sink.emit(pendingEvent(producer, { eventType: 'http.request' }))
      await new Promise((resolve) => setImmediate(resolve))
    }
    receiver.down = false
    expect(await sink.flush(25_000)).toBe(true)
    await sink.shutdown()
    const of = (type: string) => receiver.fresh.filter(({ eventType }) => eventType === type)
    const gaps = of('auditd.error') as unknown as readonly { dropped: number }[]
    return { arrived: of('http.request').length, gaps, stats: sink.stats }
  }
  it('loses nothing with a spool', async () => {
    const { arrived, gaps, stats } = await flood(folder)
    expect([arrived, gaps.length, stats.dropped]).toEqual([50_000, 0, 0])
    expect(numbersOf(producer.producerId).sort((a, b) => a - b)).toEqual(upTo(stats.numbered))
    await expect.poll(() => segments(), { timeout: 10_000 }).toEqual([])
  })
  it('names the exact count of what was lost without one', async () => {
    const { arrived, gaps } = await flood(false)
    expect(arrived).toBeLessThan(5_000)
    expect(arrived + gaps.reduce((sum, { dropped }) => sum + dropped, 0)).toBe(50_000)
  })
})
