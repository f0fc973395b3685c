/** The embedded event bus: events become rows of numbered segments, durable before they are acknowledged, and are consumed by number. */
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Clock, Consumption, EventBus, LoggedEvent, LogHandler, Telemetry } from '../../schemas/ports.ts'
import type { Position } from '../../schemas/position.ts'
import { eventOfRow } from '../../schemas/row.ts'
import { sabotage } from '../failpoint.ts'
import { consumeSegments, type Segment, type SegmentSource } from './consume.ts'
import { type Disk, realDisk, writeWhole } from './disk.ts'
import { listSegments, readSegment, segmentFile, writeSegment } from './segment.ts'

export interface SpoolOptions {
  readonly dir: string
  readonly telemetry: Telemetry
  readonly clock: Clock
  /** Bytes of segments that may wait; more is refused with `spool_full`. */
  readonly maxBytes: number
  /** The canonical row of an event, enrichment included. */
  readonly encode: (event: AuditEvent, position: Position) => string
  readonly decode?: (row: string) => { readonly event: AuditEvent; readonly position: Position }
  readonly disk?: Disk
  /** A defect of the consumer that repeating cannot mend; by default it ends the service. */
  readonly onFatal?: (error: unknown) => void
}

/** Segments being written at the same time; a second one keeps the disk busy while the first waits for its fsync. */
const WRITES_IN_FLIGHT = 2
const SEGMENT_ROWS = 10_000
const SEGMENT_BYTES = 8 * 1024 * 1024
/** Rows of durable segments kept as events until they are consumed; what does not fit is read back. */
const KEPT_BYTES = 32 * 1024 * 1024

export class Spool implements EventBus, SegmentSource {
  readonly log: string
  readonly dir: string
  readonly segments = new Map<number, Segment>()
  /** The number the next segment gets. */
  next = 0
  private readonly options: SpoolOptions
  private readonly disk: Disk
  private filling: Segment | undefined
  private readonly waiting: Segment[] = []
  private writes = 0
  private bytes = 0
  private keptBytes = 0
  private closed = false
  private readonly inFlight = new Map<string, Segment>()
  private wakers: (() => void)[] = []

  private constructor(options: SpoolOptions, disk: Disk, log: string) {
    this.options = options
    this.disk = disk
    this.dir = options.dir
    this.log = log
  }

  /** Opens the folder: unfinished segments are void, damaged ones are put aside. Retries are not told apart here but in detection, whose memory survives a restart. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const disk = options.disk ?? realDisk
    await disk.makeFolder(`${options.dir}/quarantine`)
    await disk.syncFolder(dirname(options.dir))
    const spool = new Spool(options, disk, await logId(disk, options.dir))
    await spool.recover()
    return spool
  }

  async publish(events: readonly AuditEvent[]): Promise<void> {
    if (this.closed) throw new AuditdError('bus_unavailable', 'spool', '', 'is closed')
    if (this.bytes >= this.options.maxBytes)
      throw new AuditdError('spool_full', 'spool', 'spoolBytes', `${this.options.maxBytes} bytes wait for the store`)
    const groups = new Set<Segment>()
    let dropped = 0
    for (const event of events) {
      const key = `${event.tenant}\u0000${event.serverId}\u0000${event.eventId}`
      const underWay = this.inFlight.get(key)
      if (underWay !== undefined) {
        // A copy of an event whose first copy is not durable yet: it shares that one's fate.
        groups.add(underWay)
        dropped += 1
      } else groups.add(this.append(event, key))
    }
    if (dropped > 0)
      this.options.telemetry.count('mcp_auditd_events_dropped_total', dropped, { component: 'spool', reason: 'retry' })
    this.seal()
    if (sabotage('no-fsync-before-ack')) return
    await Promise.all([...groups].map(({ settled }) => settled.promise))
  }

  consume(handler: LogHandler): Promise<Consumption> {
    return consumeSegments(this, handler, this.options)
  }

  async close(): Promise<void> {
    this.closed = true
    while (this.filling !== undefined || this.waiting.length > 0 || this.writes > 0) {
      this.seal()
      await this.changed()
    }
    this.wake()
  }

  /** Events of a durable segment; undefined when its file turned out to be damaged, and it is put aside. */
  async entriesOf(segment: Segment): Promise<readonly LoggedEvent[] | undefined> {
    if (segment.entries !== undefined) return segment.entries
    const lines = await readSegment(this.disk, this.dir, segment.name!)
    if (lines === undefined) {
      await this.quarantine(segment)
      return undefined
    }
    const decode = this.options.decode ?? eventOfRow
    return lines.map((line) => decode(line))
  }

  /** Segments before `next` are not needed any more. The newest stays: it keeps numbers from being given twice after a restart. */
  async release(next: number): Promise<void> {
    for (const [number, segment] of this.segments) {
      if (number >= next || number >= this.next - 1 || segment.state === 'open') continue
      this.segments.delete(number)
      this.forgetEntries(segment)
      if (segment.state !== 'durable') continue
      this.bytes -= segment.bytes
      await this.disk.remove(`${this.dir}/${segmentFile(segment.name!)}`)
    }
    this.report()
  }

  forgetEntries(segment: Segment): void {
    if (segment.entries === undefined) return
    segment.entries = undefined
    this.keptBytes -= segment.bytes
  }

  /** Resolves at the next change of any segment, or when the spool closes. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.wakers.push(resolve))
  }
  wake(): void {
    const wakers = this.wakers
    this.wakers = []
    for (const waker of wakers) waker()
  }

  /** Numbered when opened, so a later segment that is durable first is still consumed later. */
  private append(event: AuditEvent, key: string): Segment {
    this.filling ??= this.newSegment(this.next++)
    const segment = this.filling
    const position = { log: this.log, partition: 0, offset: segment.number, index: segment.rows.length }
    const row = this.options.encode(event, position)
    segment.rows.push(row)
    segment.entries!.push({ event, position })
    const rowBytes = Buffer.byteLength(row) + 1
    segment.bytes += rowBytes
    this.bytes += rowBytes
    this.inFlight.set(key, segment)
    if (segment.rows.length >= SEGMENT_ROWS || segment.bytes >= SEGMENT_BYTES) this.setAside()
    return segment
  }

  private newSegment(number: number): Segment {
    const settled = Promise.withResolvers<void>()
    settled.promise.catch(() => {})
    const segment: Segment = { number, state: 'open', bytes: 0, rows: [], entries: [], settled }
    this.segments.set(number, segment)
    return segment
  }

  private setAside(): void {
    if (this.filling === undefined) return
    this.waiting.push(this.filling)
    this.filling = undefined
  }

  /** Group commit: while writes are under way everything that comes shares the next segment and its fsync. */
  private seal(): void {
    if (this.writes >= WRITES_IN_FLIGHT) return
    // One turn of the event loop lets requests that arrived together share a segment.
    setImmediate(() => {
      if (this.writes >= WRITES_IN_FLIGHT) return
      if (this.waiting.length === 0) this.setAside()
      const segment = this.waiting.shift()
      if (segment !== undefined) void this.write(segment)
    })
  }

  private async write(segment: Segment): Promise<void> {
    this.writes += 1
    try {
      segment.name = await writeSegment(this.disk, this.dir, segment.number, segment.rows)
      this.becameDurable(segment)
    } catch (error) {
      this.becameVoid(segment, error)
    }
    segment.rows = []
    this.writes -= 1
    this.report()
    this.wake()
    if (this.waiting.length > 0 || this.filling !== undefined) this.seal()
  }

  private becameDurable(segment: Segment): void {
    segment.state = 'durable'
    for (const { event } of segment.entries!)
      this.inFlight.delete(`${event.tenant}\u0000${event.serverId}\u0000${event.eventId}`)
    if (this.keptBytes + segment.bytes <= KEPT_BYTES) this.keptBytes += segment.bytes
    else segment.entries = undefined
    segment.settled.resolve()
  }

  private becameVoid(segment: Segment, error: unknown): void {
    segment.state = 'void'
    this.bytes -= segment.bytes
    for (const { event } of segment.entries!)
      this.inFlight.delete(`${event.tenant}\u0000${event.serverId}\u0000${event.eventId}`)
    segment.entries = undefined
    const full = (error as NodeJS.ErrnoException).code === 'ENOSPC'
    segment.settled.reject(
      new AuditdError(full ? 'spool_full' : 'bus_unavailable', 'spool', 'segment', String(error), error),
    )
  }

  private async recover(): Promise<void> {
    const { segments, open } = await listSegments(this.disk, this.dir)
    for (const name of open) await this.disk.remove(`${this.dir}/${name}`)
    for (const name of (await listSegments(this.disk, `${this.dir}/quarantine`)).segments) {
      this.next = Math.max(this.next, name.number + 1)
      Object.assign(this.newSegment(name.number), { name, state: 'corrupt', entries: undefined })
    }
    for (const name of segments) {
      this.next = Math.max(this.next, name.number + 1)
      const segment = this.newSegment(name.number)
      Object.assign(segment, { name, state: 'durable', entries: undefined })
      // A damaged one is put aside now, not when somebody waits for it.
      await this.entriesOf(segment)
    }
    await this.countBytes()
    this.report()
  }

  private async countBytes(): Promise<void> {
    for (const segment of this.segments.values()) {
      if (segment.state !== 'durable') continue
      segment.bytes = (await this.disk.read(`${this.dir}/${segmentFile(segment.name!)}`)).byteLength
      this.bytes += segment.bytes
    }
  }

  private async quarantine(segment: Segment): Promise<void> {
    segment.state = 'corrupt'
    this.bytes -= segment.bytes
    const file = segmentFile(segment.name!)
    await this.disk.rename(`${this.dir}/${file}`, `${this.dir}/quarantine/${file}`)
    this.options.telemetry.log('segment_quarantined', { segment: segment.number, rows: segment.name!.count })
  }

  private report(): void {
    this.options.telemetry.gauge('mcp_auditd_spool_bytes', this.bytes)
    this.options.telemetry.gauge('mcp_auditd_spool_segments', this.segments.size)
  }
}

/** The id of the folder as a log: made once, stands in every position. */
async function logId(disk: Disk, dir: string): Promise<string> {
  if ((await disk.list(dir)).includes('log-id')) {
    const id = Buffer.from(await disk.read(`${dir}/log-id`))
      .toString('utf8')
      .trim()
    if (!/^[0-9a-f]{32}$/.test(id)) throw new AuditdError('spool_corrupt', 'spool', 'log-id', 'must be 32 hex digits')
    return id
  }
  const id = randomBytes(16).toString('hex')
  await writeWhole(disk, dir, 'log-id', id)
  return id
}
