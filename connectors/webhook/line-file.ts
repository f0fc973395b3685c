/** A file of lines that survives a kill, a full disk and log rotation: appended, synced, and only then reported as written. */
import { constants } from 'node:fs'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuditdError } from '../../schemas/errors.ts'

export type LineHandle = Pick<FileHandle, 'write' | 'read' | 'sync' | 'stat' | 'truncate' | 'close'>
export interface LineFileOptions {
  readonly path: string
  /** Size at which it is renamed, bytes; one write larger than that has a file of its own. */
  readonly rotateBytes: number
  /** Renamed files that are kept: PATH.1 is the newest. */
  readonly keep: number
  /** For tests of a disk that fails. */
  readonly open?: (path: string) => Promise<LineHandle>
}
/** Owner alone: alerts name people. */
const MODE = 0o600
const openReally = (path: string): Promise<LineHandle> =>
  open(path, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, MODE)

/**
 * One write at a time, in the order of the calls. A transient AuditdError says that the lines are not all on the disk: what was written of
 * them is cut off again, and where that fails too, the next write ends the torn line first.
 */
export class LineFile {
  readonly #options: LineFileOptions
  #handle: LineHandle | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: LineFileOptions) {
    this.#options = options
  }

  append(lines: readonly string[]): Promise<void> {
    return this.#inTurn(async () => {
      try {
        const bytes = Buffer.from(`${lines.join('\n')}\n`)
        const { handle, size } = await this.#ready(bytes.length)
        await write(handle, bytes, size)
      } catch (error) {
        await this.#closed()
        const { code } = error as NodeJS.ErrnoException
        throw new AuditdError('target_failed', 'file', '', String(code ?? 'cannot be written'), error)
      }
    })
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#closed())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** The open file with room for so many bytes, and its size; it ends with a whole line. */
  async #ready(bytes: number): Promise<{ handle: LineHandle; size: number }> {
    const { path, rotateBytes } = this.#options
    if (this.#handle !== undefined && !(await isAt(this.#handle, path))) await this.#closed()
    let handle = await this.#opened()
    let { size } = await handle.stat()
    if (size > 0 && size + bytes > rotateBytes) {
      await this.#closed()
      await this.#rotate()
      handle = await this.#opened()
      size = (await handle.stat()).size
    }
    return { handle, size: await endLine(handle, size) }
  }

  async #opened(): Promise<LineHandle> {
    if (this.#handle !== undefined) return this.#handle
    const { path } = this.#options
    this.#handle = await (this.#options.open ?? openReally)(path)
    // The name of a new file must outlast a crash too.
    await syncFolder(path)
    return this.#handle
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options
    if (keep === 0) await rm(path, { force: true })
    for (let at = keep - 1; at >= 0; at--) {
      await rename(at === 0 ? path : `${path}.${at}`, `${path}.${at + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
    await syncFolder(path)
  }

  async #closed(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => undefined)
  }
}

/** Whether the path still names the open file: log rotation renames or removes it. */
async function isAt(handle: LineHandle, path: string): Promise<boolean> {
  const [ours, named] = await Promise.all([handle.stat(), stat(path).catch(() => undefined)])
  return named !== undefined && named.ino === ours.ino && named.dev === ours.dev
}

/** A kill may have left half a line: it is ended, so that the next is one of its own. Answers the size then. */
async function endLine(handle: LineHandle, size: number): Promise<number> {
  if (size === 0) return 0
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
  if (buffer[0] === 0x0a) return size
  await handle.write(Buffer.from('\n'))
  return size + 1
}

async function write(handle: LineHandle, bytes: Buffer, size: number): Promise<void> {
  let written = 0
  try {
    while (written < bytes.length) written += (await handle.write(bytes.subarray(written))).bytesWritten
    await handle.sync()
  } catch (error) {
    // Where another process appended too, its lines would be cut with ours: then the torn line stays, and is ended next time.
    if (written > 0 && (await handle.stat().catch(() => undefined))?.size === size + written)
      await handle.truncate(size).catch(() => undefined)
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
