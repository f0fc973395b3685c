// Disks for the spool that do what disks do: make one fsync wait, or forget at a power loss what was not yet synced.
import { dirname } from 'node:path'
import { type Disk, realDisk } from '../../connectors/spool/disk.ts'

export interface HeldDisk extends Disk {
  /** Resolves when the first segment waits for its fsync. */
  readonly waiting: Promise<void>
  letGo(): void
}
/** The fsync of the first segment waits until it is let go. */
export function heldDisk(): HeldDisk {
  const waiting = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  let first = true
  return {
    ...realDisk,
    waiting: waiting.promise,
    letGo: () => released.resolve(),
    async syncFile(path) {
      if (first && path.endsWith('.open')) {
        first = false
        waiting.resolve()
        await released.promise
      }
      await realDisk.syncFile(path)
    },
  }
}

export interface LossyDisk extends Disk {
  /** What was not synced is gone; what was removed without a synced folder is back. */
  powerLoss(): Promise<void>
}
export function lossyDisk(): LossyDisk {
  /** Bytes that only memory has, names that only memory has, and files whose removal only memory has. */
  const bytes = new Set<string>()
  const names = new Set<string>()
  const removed = new Map<string, Uint8Array>()
  return {
    ...realDisk,
    async write(path, content) {
      await realDisk.write(path, content)
      bytes.add(path)
      names.add(path)
    },
    async syncFile(path) {
      await realDisk.syncFile(path)
      bytes.delete(path)
    },
    async syncFolder(path) {
      await realDisk.syncFolder(path)
      for (const name of names) if (dirname(name) === path) names.delete(name)
      for (const name of removed.keys()) if (dirname(name) === path) removed.delete(name)
    },
    async rename(from, to) {
      await realDisk.rename(from, to)
      if (bytes.delete(from)) bytes.add(to)
      names.delete(from)
      names.add(to)
    },
    async remove(path) {
      const content = names.has(path) ? undefined : await realDisk.read(path).catch(() => undefined)
      await realDisk.remove(path)
      bytes.delete(path)
      names.delete(path)
      if (content !== undefined) removed.set(path, content)
    },
    async powerLoss() {
      for (const path of [...bytes, ...names]) await realDisk.remove(path)
      for (const [path, content] of removed) await realDisk.write(path, content)
      bytes.clear()
      names.clear()
      removed.clear()
    },
  }
}
