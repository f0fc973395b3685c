/** Where an export goes: standard output, or a file that is there whole or not at all. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AuditdError } from '../../schemas/errors.ts'
import { wrong } from './selection.ts'

export interface Destination {
  /** Resolves when more may come: a slow reader slows the export down. */
  write(text: string): Promise<void>
  /** It is there now. */
  finish(): Promise<void>
  /** It will never be. */
  abandon(): Promise<void>
}

export const toStream = (stream: NodeJS.WritableStream): Destination => ({
  async write(text) {
    if (!stream.write(text)) await once(stream, 'drain')
  },
  async finish() {},
  async abandon() {},
})

/** Written beside it under another name, flushed, and named at the end. What is there stays, unless `force`. */
export async function toFile(path: string, force: boolean): Promise<Destination> {
  if (!force && existsSync(path)) throw wrong('--out', `${path} is there already; --force replaces it`)
  const part = `${path}.${randomUUID()}.part`
  const file = await open(part, 'wx', 0o600).catch((error: Error) => {
    throw new AuditdError('usage', 'export', '--out', `cannot be written: ${error.message}`, error)
  })
  // Ctrl-C leaves no half of a file behind.
  const forget = (): void => rmSync(part, { force: true })
  process.once('exit', forget)
  const close = async (): Promise<void> => {
    process.off('exit', forget)
    await file.close()
  }
  return {
    async write(text) {
      await file.appendFile(text)
    },
    async finish() {
      await file.sync()
      await close()
      try {
        await (force ? rename(part, path) : link(part, path))
      } catch (error) {
        throw new AuditdError(
          'usage',
          'export',
          '--out',
          `${path} could not be named: ${(error as Error).message}`,
          error,
        )
      } finally {
        await rm(part, { force: true })
      }
      await syncFolder(dirname(path))
    },
    async abandon() {
      await close()
      await rm(part, { force: true })
    },
  }
}

/** A name is durable with its folder. Not every file system lets a folder be flushed. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(folder, 'r')
    await handle.sync()
  } catch {
    return
  } finally {
    await handle?.close()
  }
}
