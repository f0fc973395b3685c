/** The one resolver of secrets: configuration names them, `env:NAME`, `file:/path`, `cmd:program args` or a command, and here they are read. */
import { type ExecFileException, execFile, execFileSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { AuditdError } from '../../../schemas/errors.ts'

/** `command`: program and arguments, for arguments that hold spaces. No shell is ever started. */
export type SecretReference = string | { readonly command: readonly string[] }
/** Who asks: an error names it, and never the value. */
export interface SecretPlace {
  readonly component: string
  readonly field: string
}
export interface SecretOptions {
  /** A text that is no reference is the secret itself: only where a variable or an option of code holds it. Default false. */
  readonly literal?: boolean
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Told of a file that everybody can read, once for each path. */
  readonly warn?: (message: string) => void
}

/** A mounted secret is a few hundred bytes; something longer is a mistake. */
const SECRET_BYTES = 64 * 1024
const COMMAND_MS = 10_000
const FORMS = 'must be env:NAME, file:PATH or cmd:PROGRAM'
const warned = new Set<string>()

type Parsed =
  | { readonly kind: 'env' | 'file' | 'literal'; readonly text: string }
  | { readonly kind: 'cmd'; readonly words: readonly string[] }

function parse(reference: SecretReference, literal: boolean): Parsed | undefined {
  if (typeof reference !== 'string') {
    const words: unknown = reference?.command
    const isCommand = Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === 'string')
    return isCommand && words[0] !== '' ? { kind: 'cmd', words: words as string[] } : undefined
  }
  const match = /^(env|file|cmd):(.*)$/s.exec(reference)
  if (match === null) return literal && reference !== '' ? { kind: 'literal', text: reference } : undefined
  const [, kind, text] = match as unknown as [string, 'env' | 'file' | 'cmd', string]
  if (text.trim() === '') return undefined
  if (kind === 'cmd') return { kind, words: text.trim().split(/\s+/) }
  if (kind === 'env' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(text)) return undefined
  return { kind, text }
}

/** Someone who wrote the secret itself where its name belongs must not find it in the log; arguments of a command may hold one too. */
const shown = (parsed: Parsed): string =>
  parsed.kind === 'cmd'
    ? `cmd:${parsed.words[0]}`
    : parsed.kind === 'literal'
      ? 'a secret'
      : `${parsed.kind}:${parsed.text}`

type Bad = (reason: string) => AuditdError
const badOf =
  ({ component, field }: SecretPlace, what: string): Bad =>
  (reason) =>
    new AuditdError('config_invalid', component, field, `${what}: ${reason}`)

/** The value without the line break that editors leave at the end. */
function trimmed(value: string, what: string, bad: Bad): string {
  const text = value.replace(/\r?\n$/, '')
  if (text === '') throw bad(`the ${what} is empty`)
  return text
}

function fromEnvironment(name: string, env: SecretOptions['env'], bad: Bad): string {
  const value = (env ?? process.env)[name]
  if (value === undefined) throw bad('the environment variable is not set')
  return trimmed(value, 'environment variable', bad)
}

/** Regular files only: a pipe would be waited for, which opening it already does unless it is told not to. */
export function readSecretFile(path: string, bad: Bad, warn?: (message: string) => void): string {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw bad('is not a regular file')
    if (warn !== undefined && process.platform !== 'win32' && (stat.mode & 0o004) !== 0 && !warned.has(path)) {
      warned.add(path)
      warn(`${path} can be read by every user of this machine; chmod 600 would keep it secret`)
    }
    const bytes = Buffer.alloc(SECRET_BYTES + 1)
    const length = readSync(fd, bytes, 0, bytes.length, 0)
    if (length > SECRET_BYTES) throw bad(`the file is larger than ${SECRET_BYTES} bytes`)
    return trimmed(bytes.toString('utf8', 0, length), 'file', bad)
  } catch (error) {
    if (error instanceof AuditdError) throw error
    throw bad(`the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

const COMMAND_OPTIONS = {
  encoding: 'utf8',
  timeout: COMMAND_MS,
  killSignal: 'SIGKILL',
  maxBuffer: SECRET_BYTES,
  windowsHide: true,
} as const
/** Neither output nor what it said on stderr: a program that fails may print the secret. */
function commandFault(error: ExecFileException | NodeJS.ErrnoException): string {
  const { code, killed, signal } = error as ExecFileException
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER' || code === 'ENOBUFS')
    return `it printed more than ${SECRET_BYTES} bytes`
  if (killed || code === 'ETIMEDOUT' || signal === 'SIGKILL') return `it did not end within ${COMMAND_MS / 1_000} s`
  const status = (error as { status?: number }).status ?? code
  return typeof status === 'number'
    ? `it ended with code ${status}`
    : `it cannot be run (${String(status ?? 'unknown')})`
}

function fromText(parsed: Exclude<Parsed, { kind: 'cmd' }>, options: SecretOptions, bad: Bad): string {
  if (parsed.kind === 'env') return fromEnvironment(parsed.text, options.env, bad)
  return parsed.kind === 'file' ? readSecretFile(parsed.text, bad, options.warn) : trimmed(parsed.text, 'secret', bad)
}

/** Throws AuditdError('config_invalid') that names component, field and reference. */
export async function resolveSecret(
  reference: SecretReference,
  place: SecretPlace,
  options: SecretOptions = {},
): Promise<string> {
  const parsed = parse(reference, options.literal === true)
  if (parsed === undefined) throw badOf(place, 'a secret')(FORMS)
  const bad = badOf(place, shown(parsed))
  if (parsed.kind !== 'cmd') return fromText(parsed, options, bad)
  const [program, ...args] = parsed.words as [string, ...string[]]
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(program, args, COMMAND_OPTIONS, (error, stdout) =>
      error === null ? resolve(stdout) : reject(bad(commandFault(error))),
    )
    child.stdin?.end()
  })
  return trimmed(output, 'output', bad)
}

/** The same for set-up code that cannot wait. */
export function resolveSecretSync(reference: SecretReference, place: SecretPlace, options: SecretOptions = {}): string {
  const parsed = parse(reference, options.literal === true)
  if (parsed === undefined) throw badOf(place, 'a secret')(FORMS)
  const bad = badOf(place, shown(parsed))
  if (parsed.kind !== 'cmd') return fromText(parsed, options, bad)
  const [program, ...args] = parsed.words as [string, ...string[]]
  let output: string
  try {
    output = execFileSync(program, args, { ...COMMAND_OPTIONS, stdio: ['ignore', 'pipe', 'ignore'] })
  } catch (error) {
    throw bad(commandFault(error as ExecFileException))
  }
  return trimmed(output, 'output', bad)
}

const FILE_POLL_MS = 10_000
const COMMAND_POLL_MS = 300_000
export interface WatchOptions extends SecretOptions {
  /** Default 10 s for a file, five minutes for a command. */
  readonly everyMs?: number
  /** Called with each new value; throwing keeps the old one. */
  readonly changed: (value: string) => void
  /** It cannot be read any more, or the new value was refused: the old one stays. */
  readonly failed?: (error: unknown) => void
}

/** Reads a secret again and again, and tells when it changed. Variables do not change. Answers how to stop; keeps no process alive. */
export function watchSecret(
  reference: SecretReference,
  place: SecretPlace,
  current: string,
  options: WatchOptions,
): () => void {
  const kind = parse(reference, options.literal === true)?.kind
  if (kind !== 'file' && kind !== 'cmd') return () => undefined
  let known = current
  let fault = ''
  let reading = false
  const look = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const value = await resolveSecret(reference, place, options)
      if (value !== known) options.changed(value)
      known = value
      fault = ''
    } catch (error) {
      // Told once for each reason: a file that is gone stays gone for many looks.
      if (String(error) !== fault) options.failed?.(error)
      fault = String(error)
    } finally {
      reading = false
    }
  }
  const timer = setInterval(look, options.everyMs ?? (kind === 'file' ? FILE_POLL_MS : COMMAND_POLL_MS))
  timer.unref()
  return () => clearInterval(timer)
}
