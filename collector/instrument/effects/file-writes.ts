/** Files that a server writes, moves or deletes: the functions of node:fs and node:fs/promises that change something. */
import fs from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Effect, effect } from './call-effects.ts'
import { publishReplaced, type Watcher, watchFunction } from './wrap-function.ts'

type Kind = Exclude<Effect['effectKind'], 'exec'>

/** Which argument names what is changed, for each function and its synchronous and promised form. */
const CHANGES: readonly (readonly [name: string, kind: Kind, argument: number])[] = [
  ['writeFile', 'file_write', 0],
  ['appendFile', 'file_write', 0],
  ['truncate', 'file_write', 0],
  ['copyFile', 'file_write', 1],
  ['cp', 'file_write', 1],
  ['rename', 'file_write', 1],
  ['link', 'file_write', 1],
  ['symlink', 'file_write', 1],
  ['chmod', 'file_write', 0],
  ['unlink', 'file_delete', 0],
  ['rm', 'file_delete', 0],
  ['rmdir', 'file_delete', 0],
]

let isWatching = false
export function watchFileWrites(): void {
  if (isWatching) return
  isWatching = true
  for (const [name, kind, argument] of CHANGES) {
    const watcher: Watcher = (args) => changed(kind, args[argument])
    watchFunction(fs, name, watcher)
    watchFunction(fs, `${name}Sync`, watcher)
    watchFunction(fs.promises, name, watcher)
  }
  // Streams and file handles begin with an open that may write; 'r' alone does not.
  const opened: Watcher = ([path, flags]) => {
    if (writes(flags)) changed('file_write', path)
  }
  for (const [owner, name] of [
    [fs, 'open'],
    [fs, 'openSync'],
    [fs.promises, 'open'],
  ] as const)
    watchFunction(owner, name, opened)
  publishReplaced()
}

const writes = (flags: unknown): boolean =>
  typeof flags === 'string'
    ? /[wa+]/.test(flags)
    : typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0

function changed(kind: Kind, target: unknown): void {
  const path = pathOf(target)
  if (path !== undefined) effect({ effectKind: kind, effectClass: placeOf(path), target: path })
}

function pathOf(target: unknown): string | undefined {
  if (typeof target === 'string') return resolve(target)
  if (target instanceof URL && target.protocol === 'file:') return fileURLToPath(target)
  return target instanceof Uint8Array ? resolve(Buffer.from(target).toString('utf8')) : undefined
}

const SECRET =
  /[\\/](\.ssh|\.aws|\.azure|\.gnupg|\.kube|\.docker|\.config[\\/]gcloud)([\\/]|$)|[\\/](\.env[^\\/]*|\.npmrc|\.netrc|\.pgpass|\.git-credentials|id_[a-z0-9]+|[^\\/]*\.pem)$/i
const SYSTEM =
  /^(\/(etc|usr|bin|sbin|lib|lib64|boot|dev|proc|sys|var\/(lib|spool|run))|[a-z]:\\(windows|program files))([\\/ ]|$)/i
const STARTS_BY_ITSELF =
  /[\\/](\.bashrc|\.bash_profile|\.profile|\.zshrc|autostart|LaunchAgents|cron[^\\/]*|systemd|authorized_keys)([\\/]|$)/i

/** What kind of place a path is in; the path itself is not recorded. */
function placeOf(path: string): string {
  if (STARTS_BY_ITSELF.test(path)) return 'autostart'
  if (SECRET.test(path)) return 'secret'
  if (SYSTEM.test(path)) return 'system'
  if (within(path, tmpdir()) || within(path, '/tmp')) return 'temp'
  if (within(path, process.cwd())) return 'project'
  return within(path, homedir()) ? 'home' : 'other'
}
const within = (path: string, folder: string): boolean => path === folder || path.startsWith(folder + sep)
