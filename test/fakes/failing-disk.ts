/** A disk that fails on demand: no room at all, or no word of whether what was written will stay. */
import { open } from 'node:fs/promises'
import type { LineHandle } from '../../connectors/webhook/line-file.ts'

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
