/** A disk that fails on demand: no room at all, or no word of whether what was written will stay. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LineHandle } from '../../connectors/webhook/line-file.ts'
import type { Refusal } from './selftest.ts'

export class FailingDisk {
  /** `full`: no byte is written. `sync`: bytes are written, and the disk then fails to keep them. */
  fault: 'full' | 'sync' | undefined

  readonly open = async (path: string): Promise<LineHandle> => {
    const handle = await open(path, 'a+', 0o600)
    const fails = (code: string) => Object.assign(new Error(code), { code })
    return new Proxy(handle, {
      get: (target, name) => {
        if (name === 'write' && this.fault === 'full') return () => Promise.reject(fails('ENOSPC'))
        if (name === 'sync' && this.fault === 'sync') return () => Promise.reject(fails('EIO'))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

const kept = async (fault: FailingDisk['fault']): Promise<boolean> => {
  const folder = await mkdtemp(join(tmpdir(), 'mcp-auditd-disk-'))
  const disk = new FailingDisk()
  disk.fault = fault
  const handle = await disk.open(join(folder, 'file'))
  try {
    await handle.write(Buffer.from('x'))
    await handle.sync()
    return true
  } catch {
    return false
  } finally {
    await handle.close()
    await rm(folder, { recursive: true })
  }
}
export const selftest: readonly Refusal[] = [
  { name: 'a write to a full disk', refuses: async () => !(await kept('full')) && (await kept(undefined)) },
  { name: 'a write that the disk cannot keep', refuses: async () => !(await kept('sync')) },
]
