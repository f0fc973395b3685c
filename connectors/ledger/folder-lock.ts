/** One service to a data folder: a lock that the system takes back when its owner dies, however it dies. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AuditdError } from '../../schemas/errors.ts'

/**
 * Held until the answer is called, or lost: keep it. It must be taken before anything in the folder is opened: recovery voids unfinished segments,
 * which may be those of a service that lives. SQLite keeps it as a lock of the file, which a lock file with a process id is not.
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true })
  const lock = new DatabaseSync(join(dir, 'lock.sqlite'))
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    throw new AuditdError(
      'config_invalid',
      'data folder',
      dir,
      'cannot be locked; does another mcp-auditd use it?',
      error,
    )
  }
  return () => lock.close()
}
