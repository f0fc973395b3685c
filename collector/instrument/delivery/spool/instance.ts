/** Folders of a spool: one per sink, held by a living process; those of dead ones are taken over by exactly one other. */
import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'

/** A holder on another host, or in another container, shows that it lives by touching its lock. */
export const TOUCH_MS = 5_000
const STALE_MS = 20_000
/** Half-made folders of processes that died in that moment. */
const ABANDONED_MS = 3_600_000
/** Names that we give. Whatever else lies there is not ours to move or remove: a spool may be told to use any folder. */
const OURS = /^\.?\d{15}-[0-9a-f]{8}$/

interface Holder {
  readonly pid: number
  readonly host: string
  /** Pid namespace: inside of another one the number means another process. '' where there are none. */
  readonly space: string
  /** Start time of the process, which tells it from a later one with its number. '' where it cannot be known. */
  readonly started: string
}

const read = (of: () => string): string => {
  try {
    return of()
  } catch {
    return ''
  }
}
/** Field 22 of /proc/PID/stat; the name before it may hold anything, parentheses included. */
const startOf = (pid: number): string =>
  read(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })
const pidSpace = (): string => read(() => readlinkSync('/proc/self/ns/pid'))
const thisProcess = (): Holder => ({
  pid: process.pid,
  host: hostname(),
  space: pidSpace(),
  started: startOf(process.pid),
})

function lives(folder: string, self: Holder): boolean {
  const lock = join(folder, 'lock')
  let holder: Holder
  let touchedMs: number
  try {
    holder = { ...self, pid: 0, ...(JSON.parse(readFileSync(lock, 'utf8')) as Holder | null) }
    touchedMs = statSync(lock).mtimeMs
  } catch (error) {
    // No lock: let go of. A lock that is there and cannot be read belongs to somebody.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && !(error instanceof SyntaxError)
  }
  const isStranger = holder.host !== self.host || holder.space !== self.space || !(holder.pid > 0)
  if (isStranger) return Date.now() - touchedMs < STALE_MS
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const started = startOf(holder.pid)
  return started === '' || holder.started === '' || started === holder.started
}

/** With its parents. Not `recursive`, which never comes back where a parent that exists takes no folders (/proc). */
function makeFolder(path: string, hasParent = false): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || hasParent) throw error
    makeFolder(dirname(path))
    makeFolder(path, true)
  }
}

export class InstanceFolder {
  readonly root: string
  readonly name: string
  readonly path: string
  private readonly self = thisProcess()

  /** Made aside and then renamed, so that nobody sees it without its lock. Throws what the file system throws. */
  constructor(root: string) {
    this.root = root
    this.name = `${String(Date.now()).padStart(15, '0')}-${randomUUID().slice(0, 8)}`
    this.path = join(root, this.name)
    makeFolder(root)
    const made = join(root, `.${this.name}`)
    mkdirSync(made, { mode: 0o700 })
    writeFileSync(join(made, 'lock'), JSON.stringify(this.self), { mode: 0o600 })
    renameSync(made, this.path)
  }

  /** False when somebody else has taken this folder over, because we seemed dead. */
  touch(): boolean {
    try {
      const now = new Date()
      utimesSync(join(this.path, 'lock'), now, now)
      return true
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'ENOENT'
    }
  }

  /**
   * Folders of dead holders, now inside of this one, oldest first. A rename is atomic: of two who try, one gets it. What that one had
   * taken over before it died comes with it.
   */
  adopt(): string[] {
    for (const entry of this.foldersIn(this.root)) {
      const folder = join(this.root, entry)
      if (entry === this.name) continue
      if (entry.startsWith('.')) this.sweep(folder)
      else if (!lives(folder, this.self)) this.take(folder, entry)
    }
    return this.foldersIn(this.path)
      .sort()
      .map((entry) => join(this.path, entry))
  }

  private take(folder: string, entry: string): void {
    try {
      renameSync(folder, join(this.path, entry))
    } catch {
      // Another process was faster.
      return
    }
    this.unpack(join(this.path, entry))
  }

  /** Everything an adopted folder had adopted stands beside it afterwards. */
  private unpack(folder: string): void {
    for (const inner of this.foldersIn(folder)) {
      const place = join(this.path, inner)
      renameSync(join(folder, inner), place)
      this.unpack(place)
    }
  }

  private sweep(folder: string): void {
    try {
      if (Date.now() - statSync(folder).mtimeMs > ABANDONED_MS) rmSync(folder, { recursive: true, force: true })
    } catch {
      // Gone already.
    }
  }

  private foldersIn(folder: string): string[] {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && OURS.test(entry.name) ? [entry.name] : [],
      )
    } catch {
      return []
    }
  }

  /** From now on it belongs to whoever comes next. */
  letGo(): void {
    rmSync(join(this.path, 'lock'), { force: true })
  }
}
