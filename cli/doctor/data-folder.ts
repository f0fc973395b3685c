/** The data folder can be written, and the disk has room. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Check } from './check.ts'

const ROOM_BYTES = 1024 ** 3

export default {
  name: 'data folder',
  async run({ dataDir }) {
    let folder = resolve(dataDir)
    while (!existsSync(folder)) folder = dirname(folder)
    try {
      accessSync(folder, constants.W_OK)
    } catch {
      return {
        ok: false,
        saw: `${folder} cannot be written`,
        mend: 'give the user of the service write access, or pass another --data',
      }
    }
    const { bavail, bsize } = statfsSync(folder)
    const freeBytes = bavail * bsize
    return {
      ok: freeBytes >= ROOM_BYTES,
      saw: `${folder}, ${(freeBytes / 1024 ** 3).toFixed(1)} GiB free`,
      mend: 'free at least 1 GiB: a full disk makes the service refuse events',
    }
  },
} satisfies Check
