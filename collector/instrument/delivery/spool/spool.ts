/** The spool of one sink: a folder of its own that is written before anything is sent, and the folders of dead processes it took over. */

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { warnOnce } from '../../process-warning.ts'
import type { SpoolOptions } from '../audit-sink.ts'
import { InstanceFolder, TOUCH_MS } from './instance.ts'
import { type ReadBatch, type SpoolLoss, SpoolReader, type Stretch, segmentsIn, surveyFolder } from './reader.ts'
import { NO_HASH, type SpoolPosition, segmentName } from './segment.ts'
import { type EventRun, type FsyncPolicy, readMark, SegmentWriter, writeMark } from './writer.ts'

const MAX_BYTES = 256_000_000
/** With what dead processes left: a receiver that is away for months costs so many times `maxBytes`, and not the disk. */
const IN_ALL = 4
/** After a failure the disk is left alone for a moment: a full one is asked again, call by call would be too often. */
const RETRY_MS = 1_000
const PRODUCERS = 'producers'
const MAX_PRODUCERS = 1_000
const MAX_WORDS = 1_000

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown'

export class Spool {
  readonly fsync: FsyncPolicy
  /** Why nothing can be written now. */
  trouble: string | undefined
  /** Segments were sealed since somebody last looked. */
  hasSealed = false
  /** Called with stretches to replay, and when our own folder went to another process. */
  onAdopted: (stretch: Stretch) => void = () => undefined
  onHandedOver: () => void = () => undefined
  private readonly folder: string
  private readonly maxBytes: number
  private readonly reader = new SpoolReader()
  private readonly adopted = new Map<string, Stretch>()
  private readonly adoptedBytes = new Map<string, number>()
  /** Server -> newest instance: of those before us, and of ourselves. */
  private readonly before = new Map<string, string>()
  private readonly own = new Map<string, string>()
  private instance: InstanceFolder | undefined
  private writer: SegmentWriter | undefined
  private retryAtMs = 0
  private readonly words: SpoolLoss[] = []
  private readonly timer: NodeJS.Timeout

  /** Never throws: a folder that cannot be used is told, and tried again later. */
  constructor({ folder, maxBytes, fsync }: SpoolOptions) {
    this.folder = folder
    this.maxBytes = maxBytes ?? MAX_BYTES
    this.fsync = fsync ?? 'interval'
    this.begin()
    this.adopt()
    this.timer = setInterval(() => this.tick(), TOUCH_MS).unref()
  }

  get path(): string | undefined {
    return this.instance?.path
  }
  get position(): SpoolPosition {
    return this.writer?.position ?? { segment: 1, offset: 0 }
  }
  get chainHash(): string | undefined {
    const hash = this.writer?.chainHash
    return hash === NO_HASH ? undefined : hash
  }
  /** Whether an event may be left to the disk alone. After a failure one is let through now and then, to see. */
  get hasRoom(): boolean {
    if (this.trouble !== undefined && performance.now() < this.retryAtMs) return false
    if (this.writer === undefined) this.begin()
    return this.writer !== undefined && !this.isFull(this.writer)
  }
  private isFull({ bytes }: SegmentWriter): boolean {
    let inAll = bytes
    for (const left of this.adoptedBytes.values()) inAll += left
    return bytes >= this.maxBytes || inAll >= this.maxBytes * IN_ALL
  }
  previousProducer(serverId: string): string | undefined {
    return this.before.get(serverId)
  }

  private begin(): void {
    try {
      this.instance = new InstanceFolder(this.folder)
      this.writer = new SegmentWriter(this.instance.path, this.instance.name, this.fsync)
      this.trouble = undefined
      this.own.clear()
    } catch (error) {
      this.fail(error)
    }
  }

  private fail(error: unknown): void {
    this.retryAtMs = performance.now() + RETRY_MS
    const trouble = `the spool cannot be written (${codeOf(error)})`
    // Once for each kind of trouble, not once for each event.
    if (this.trouble === undefined) {
      const message = `${trouble}: events wait in memory only`
      this.tell({ code: 'spool_unavailable', serverId: undefined, dropped: undefined, message })
      warnOnce(`instrument: ${this.folder}: ${message}`)
    }
    this.trouble = trouble
  }

  /** To be told by the queue: losses, and that the disk fails. */
  tell(loss: SpoolLoss): void {
    if (this.words.length < MAX_WORDS) this.words.push(loss)
  }
  /** Hands them out once. */
  untold(): SpoolLoss[] {
    return this.words.splice(0)
  }

  private adopt(): void {
    try {
      for (const folder of this.instance?.adopt() ?? []) this.takeOver(folder)
    } catch {
      // Somebody else's folder must not keep us from ours; the next tick looks again.
    }
  }
  private takeOver(folder: string): void {
    if (this.adopted.has(folder)) return
    for (const [server, producer] of producersIn(folder))
      if (producer > (this.before.get(server) ?? '')) this.before.set(server, producer)
    const from = readMark(folder)
    const stretch: Stretch = { folder, adopted: true, from, to: undefined, events: eventsIn(folder, from) }
    this.adopted.set(folder, stretch)
    this.adoptedBytes.set(folder, bytesIn(folder))
    this.onAdopted(stretch)
  }
  /** What was adopted before somebody listened. */
  get stretches(): readonly Stretch[] {
    return [...this.adopted.values()]
  }

  private tick(): void {
    if (this.instance === undefined) return
    try {
      if (this.instance.touch()) this.adopt()
      else this.handOver()
    } catch {
      // The next tick tries again.
    }
  }

  /** We seemed dead, and another process sends what lay here: what we hold in memory is written anew, to a folder of its own. */
  private handOver(): void {
    this.adopted.clear()
    this.adoptedBytes.clear()
    this.onHandedOver()
    this.writer?.abandon()
    this.writer = undefined
    this.begin()
  }

  /** False when the disk took nothing of it. */
  write(runs: readonly EventRun[]): boolean {
    const nowMs = performance.now()
    if (this.trouble !== undefined && nowMs < this.retryAtMs) return false
    if (this.writer === undefined) this.begin()
    const { writer } = this
    if (writer === undefined || this.isFull(writer)) return false
    try {
      for (const { producer } of runs)
        if (this.own.get(producer.serverId) !== producer.producerId) this.note(producer.serverId, producer.producerId)
      if (writer.append(runs, nowMs)) this.hasSealed = true
      this.trouble = undefined
      return true
    } catch (error) {
      this.fail(error)
      return false
    }
  }

  /** Whoever adopts this folder says whose successor it is, even when nothing is left to replay. */
  private note(serverId: string, producerId: string): void {
    if (this.instance === undefined || this.own.size >= MAX_PRODUCERS) return
    this.own.set(serverId, producerId)
    writeFileSync(join(this.instance.path, PRODUCERS), JSON.stringify([...this.own]), { mode: 0o600 })
  }

  read(stretch: Stretch, maxEvents: number): Promise<ReadBatch> {
    return this.reader.read(stretch, this.position, maxEvents)
  }

  /** Everything of ours before `position` was delivered. */
  delivered(position: SpoolPosition): void {
    try {
      this.writer?.delivered(position)
    } catch (error) {
      this.fail(error)
    }
  }
  /** Of an adopted folder; without `position` all of it. */
  deliveredOf(stretch: Stretch, position: SpoolPosition | undefined): void {
    try {
      if (position !== undefined) {
        writeMark(stretch.folder, position)
        return
      }
      this.adopted.delete(stretch.folder)
      this.adoptedBytes.delete(stretch.folder)
      rmSync(stretch.folder, { recursive: true, force: true })
    } catch {
      // It is replayed once more then, which the service notices.
    }
  }

  /** `keep`: events wait here for the next process. */
  close(keep: boolean): void {
    clearInterval(this.timer)
    try {
      this.writer?.end(keep)
      this.instance?.letGo()
    } catch {
      // The process that comes next cuts what is not whole.
    }
  }
}

/** A folder that cannot be looked through is replayed as far as it can be read. */
function eventsIn(folder: string, from: SpoolPosition): number {
  try {
    return surveyFolder(folder, from)
  } catch {
    return 0
  }
}

function bytesIn(folder: string): number {
  try {
    return segmentsIn(folder).reduce((sum, number) => sum + statSync(join(folder, segmentName(number))).size, 0)
  } catch {
    return 0
  }
}

function producersIn(folder: string): [string, string][] {
  try {
    const list = JSON.parse(readFileSync(join(folder, PRODUCERS), 'utf8')) as [string, string][]
    return list.filter(([server, producer]) => typeof server === 'string' && typeof producer === 'string')
  } catch {
    return []
  }
}
