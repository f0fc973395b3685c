/** The server as our child: same streams, same signals, and its ending becomes ours. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { isatty } from 'node:tty'

/**
 * Everything that asks a server to do something. Not SIGKILL and SIGSTOP, which nobody can pass on (a server whose client is gone
 * sees the end of its input), and not SIGTSTP: a terminal stops both of us at once.
 */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const
/** A terminal sends these to the whole process group: the child has them already. */
const FROM_TERMINAL: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH'])
/** What a shell answers: 127 there is no such program, 126 it cannot be run. */
const NOT_FOUND = 127
const NOT_RUNNABLE = 126
/** A grandchild may hold the output open after the server is gone; once nothing comes for so long we do not wait for it. */
const QUIET_MS = 1_000

export interface Ending {
  readonly code: number
  readonly signal: NodeJS.Signals | undefined
  /** There was no child: what to say. */
  readonly fault: string | undefined
}
export interface WrappedChild {
  readonly stdin: Writable
  readonly stdout: Readable
  /** After its output was read to the end. */
  readonly ended: Promise<Ending>
}

/** Settings of ours that the wrapped server has no business with: it may be anybody's program. */
const SECRETS = ['MCP_AUDIT_KEY', 'MCP_AUDIT_KEYS', 'MCP_AUDIT_OTLP_HEADERS', 'MCP_AUDIT_OTLP_TOKEN']

/** The environment as it is, without those, and without the variables that they refer to (`env:NAME`). */
function environment(): NodeJS.ProcessEnv {
  const env = { ...process.env }
  for (const name of SECRETS) {
    for (const [, referred] of (env[name] ?? '').matchAll(/\benv:(\w+)/g)) delete env[referred!]
    delete env[name]
  }
  return env
}

/** `argv`: program and arguments. stderr is our own, as it is. */
export function startChild(argv: readonly string[]): WrappedChild {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'inherit'], env: environment() })
  const stopPassing = passSignals(child)
  const ended = new Promise<Ending>((resolve) => {
    let isOver = false
    const finish = (ending: Ending): void => {
      if (isOver) return
      isOver = true
      stopPassing()
      resolve(ending)
    }
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) finish(faultOf(argv[0]!, error))
    })
    child.on('exit', (code, signal) => {
      const ending = { code: code ?? 128 + numberOf(signal), signal: signal ?? undefined, fault: undefined }
      const quiet = whenQuiet(child.stdout, () => finish(ending))
      child.on('close', () => {
        clearInterval(quiet)
        finish(ending)
      })
    })
  })
  return { stdin: child.stdin, stdout: child.stdout, ended }
}

const numberOf = (signal: NodeJS.Signals | null): number => (signal === null ? 0 : constants.signals[signal])

function faultOf(program: string, error: NodeJS.ErrnoException): Ending {
  const isMissing = error.code === 'ENOENT'
  const why = isMissing
    ? 'command not found'
    : error.code === 'EACCES'
      ? 'permission denied'
      : (error.code ?? error.message)
  return { code: isMissing ? NOT_FOUND : NOT_RUNNABLE, signal: undefined, fault: `${program}: ${why}` }
}

function passSignals(child: ChildProcess): () => void {
  const handlers = PASSED_ON.map((signal) => {
    const pass = (): void => {
      if (!(FROM_TERMINAL.has(signal) && isatty(0))) child.kill(signal)
    }
    process.on(signal, pass)
    return [signal, pass] as const
  })
  return () => {
    for (const [signal, pass] of handlers) process.off(signal, pass)
  }
}

/** What waits for a reader is not quiet. Looks and does not listen: whoever listens to a stream sets it flowing. */
function whenQuiet(output: Readable, then: () => void): NodeJS.Timeout {
  let before = (output as Socket).bytesRead
  const timer = setInterval(() => {
    const now = (output as Socket).bytesRead
    if (now === before && output.readableFlowing === true && output.readableLength === 0) {
      clearInterval(timer)
      then()
    }
    before = now
  }, QUIET_MS)
  return timer
}

/** Ends this process as the child ended: by the same signal, else with the same code. */
export function endLike({ code, signal }: Ending): void {
  process.exitCode = code
  if (signal === undefined) process.exit(code)
  // Node ignores some signals (SIGPIPE) and reserves one (SIGUSR1): a listener that came and went leaves the default.
  const nothing = (): void => undefined
  if (signal !== 'SIGKILL' && signal !== 'SIGSTOP') {
    process.on(signal, nothing)
    process.removeAllListeners(signal)
  }
  process.kill(process.pid, signal)
  // A signal that does not end us is told as a shell tells it.
  setTimeout(() => process.exit(code), 100)
}
