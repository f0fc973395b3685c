/** Files that are written once: whole or not at all, read-only, never replaced. */
import { existsSync } from 'node:fs'
import { link, mkdir, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const READ_ONLY = 0o444

/** False when the file was there: it is left as it is. */
export async function writeOnce(path: string, bytes: Uint8Array | string): Promise<boolean> {
  if (existsSync(path)) return false
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const partial = join(folder, `.${basename(path)}.partial`)
  await rm(partial, { force: true })
  const handle = await open(partial, 'wx', READ_ONLY)
  try {
    await handle.writeFile(bytes)
    await handle.chmod(READ_ONLY)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    // Fails where the name is taken, which a rename would not.
    await link(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(partial, { force: true })
  }
  const names = await open(folder, 'r')
  await names.sync().finally(() => names.close())
  return true
}
