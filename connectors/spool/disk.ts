/** The few file operations the spool stands on, in one place, so that the fault suite can model a full disk or a power loss. */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'

export interface Disk {
  makeFolder(path: string): Promise<void>
  /** Creates the file, which must not exist, and writes all bytes; not yet durable. */
  write(path: string, bytes: Uint8Array): Promise<void>
  /** The bytes of the file are durable when it resolves. */
  syncFile(path: string): Promise<void>
  /** The names in the folder are durable when it resolves. */
  syncFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** No error when there is nothing. */
  remove(path: string): Promise<void>
  read(path: string): Promise<Uint8Array>
  list(path: string): Promise<readonly string[]>
}

const sync = async (path: string, flags: string): Promise<void> => {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
export const realDisk: Disk = {
  makeFolder: async (path) => void (await mkdir(path, { recursive: true })),
  async write(path, bytes) {
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
  },
  syncFile: (path) => sync(path, 'r+'),
  syncFolder: (path) => sync(path, 'r'),
  rename,
  remove: (path) => rm(path, { force: true }),
  read: (path) => readFile(path),
  list: (path) => readdir(path),
}

/** Writes a small file so that after a crash either all of it or nothing stands under its name. */
export async function writeWhole(disk: Disk, folder: string, name: string, text: string): Promise<void> {
  const path = `${folder}/${name}`
  await disk.remove(`${path}.new`)
  await disk.write(`${path}.new`, Buffer.from(text))
  await disk.syncFile(`${path}.new`)
  await disk.rename(`${path}.new`, path)
  await disk.syncFolder(folder)
}
