/** Rows on their way to the store: batches queue while an insert runs, and go together in the next one. */
import { createHash } from 'node:crypto'
import type { LogBatch, RefusedRow, RowBatch, Telemetry } from '../../schemas/ports.ts'

/** Rows of one batch: the bus’s own file, or lines. `next` is the offset after it. */
export interface PendingRows {
  readonly batch: Pick<LogBatch, 'log' | 'partition' | 'first' | 'next'>
  readonly count: number
  readonly file?: string
  readonly lines?: readonly string[]
  /** Positions of the rows when they are not all of the batch. */
  readonly only?: readonly string[]
}
export interface RowWriterParts {
  /** Repeats until durable; throws only what no repetition mends. */
  readonly insert: (batch: RowBatch) => Promise<readonly RefusedRow[]>
  readonly refused: (rows: readonly RefusedRow[], pending: readonly PendingRows[]) => Promise<void>
  /** Rows that are in the store now, but the refused ones. */
  readonly durable?: (source: RowBatch['source'], refused: readonly RefusedRow[]) => Promise<void>
  readonly telemetry: Telemetry
  /** Rows wait so long for others before they are inserted, milliseconds: an insert of a hundred rows costs as much as one of thousands. */
  readonly lingerMs?: number
}
const ROWS_PER_INSERT = 20_000
/** Rows that are worth an insert at once. */
const ROWS_ENOUGH = 20_000
const ROWS_WAITING = 60_000
const FILES_PER_INSERT = 200

/**
 * One writer per partition, one insert in flight. `add` waits when too many rows are queued (back pressure); `storedNext` is the
 * offset before which every row is durable. After a failure nothing more is taken: the owner starts again from its snapshot.
 */
export class RowWriter {
  storedNext: number
  private queue: PendingRows[] = []
  private waiting = 0
  private running: Promise<void> | undefined
  /** Ends the wait for more rows. */
  private goOn: () => void = () => {}
  private flushing = 0
  private failure: unknown
  private readonly parts: RowWriterParts

  constructor(start: number, parts: RowWriterParts) {
    this.storedNext = start
    this.parts = parts
  }

  async add(rows: PendingRows): Promise<void> {
    this.throwFailure()
    this.queue.push(rows)
    this.waiting += rows.count
    if (this.waiting >= ROWS_ENOUGH) this.goOn()
    this.running ??= this.drain()
    while (this.waiting > ROWS_WAITING && this.running !== undefined) await this.running
    this.throwFailure()
  }

  /** Resolves when everything added so far is durable. */
  async flush(): Promise<void> {
    this.flushing++
    this.goOn()
    while (this.running !== undefined) await this.running
    this.flushing--
    this.throwFailure()
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure
  }

  private async drain(): Promise<void> {
    await Promise.resolve()
    try {
      while (this.queue.length > 0) {
        const more = this.linger()
        if (more !== undefined) await more
        await this.insert(this.takeTogether())
      }
    } catch (error) {
      this.failure = error
    } finally {
      this.running = undefined
    }
  }

  private linger(): Promise<void> | undefined {
    const { lingerMs = 0 } = this.parts
    if (lingerMs === 0 || this.flushing > 0 || this.waiting >= ROWS_ENOUGH) return undefined
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, lingerMs)
      this.goOn = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Batches of the same kind (files or lines) that fit one insert. */
  private takeTogether(): PendingRows[] {
    const first = this.queue[0]!
    const taken: PendingRows[] = []
    let count = 0
    for (const rows of this.queue) {
      const other = (rows.file === undefined) !== (first.file === undefined)
      if (other || taken.length >= FILES_PER_INSERT || (taken.length > 0 && count + rows.count > ROWS_PER_INSERT)) break
      taken.push(rows)
      count += rows.count
    }
    this.queue = this.queue.slice(taken.length)
    return taken
  }

  private async insert(taken: readonly PendingRows[]): Promise<void> {
    const count = taken.reduce((sum, rows) => sum + rows.count, 0)
    if (count > 0) {
      const files = taken.flatMap((rows) => (rows.file === undefined ? [] : [rows.file]))
      const source =
        files.length > 0 ? { files } : { rows: `${taken.flatMap((rows) => rows.lines ?? []).join('\n')}\n` }
      const refused = await this.parts.insert({ token: tokenOf(taken, count), count, source })
      if (refused.length > 0) await this.parts.refused(refused, taken)
      await this.parts.durable?.(source, refused)
      this.parts.telemetry.count('mcp_auditd_events_stored_total', count - refused.length)
    }
    this.waiting -= count
    this.storedNext = taken.at(-1)!.batch.next
  }
}

/** Names exactly these rows: same batches and the same part of them, same token. */
function tokenOf(taken: readonly PendingRows[], count: number): string {
  const hash = createHash('sha256')
  for (const { batch, count: rows, only = [] } of taken)
    hash.update(`${batch.log}/${batch.partition}/${batch.first}-${batch.next}:${rows}:${only.join()};`)
  return `${hash.digest('hex').slice(0, 32)}-${count}`
}
