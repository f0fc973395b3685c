/** Runs the command line as a child, as people do: its exit code, what it says on each of its two outputs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const ROOT = join(import.meta.dirname, '../../..')
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}
/** Variables of ours that the test was started with would be settings of the child. */
const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(MCP_AUDITD_|KAFKA_BROKERS|CLICKHOUSE_URL|VITEST|NODE_OPTIONS)/.test(name),
    ),
  )

export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Running {
  const child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], {
    env: { ...cleanEnv(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (bytes) => {
    stdout += bytes
  })
  child.stderr.on('data', (bytes) => {
    stderr += bytes
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
  return { child, ended }
}
export const run = (args: readonly string[], env?: NodeJS.ProcessEnv, input?: string): Promise<Ended> =>
  start(args, env, input).ended

export interface Up extends Running {
  readonly otlpUrl: string
  readonly adminUrl: string
  /** Lines of the log so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[]
}
/** `up` on free ports, once it accepts events. */
export async function up(dataDir: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Up> {
  // Tests run beside each other: none takes the default port of the SQL address.
  const where = ['--otlp', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--sql', 'off']
  const running = start(['up', '--data', dataDir, ...where, ...more], env)
  const log: Record<string, unknown>[] = []
  let rest = ''
  running.child.stderr!.on('data', (bytes) => {
    const lines = (rest + bytes).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as Record<string, unknown>)
  })
  let over: Ended | undefined
  void running.ended.then((ended) => {
    over = ended
  })
  for (;;) {
    const started = log.find(({ event }) => event === 'started')
    if (started !== undefined) {
      const { url } = JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as { url: string }
      return { ...running, log, otlpUrl: String(started['otlp']), adminUrl: url }
    }
    if (over !== undefined) throw new Error(`up ended with ${over.code}: ${over.stderr}`)
    await wait(20)
  }
}
/** SIGTERM, and how it ended. */
export async function stop({ child, ended }: Running): Promise<Ended & { readonly tookMs: number }> {
  const startMs = performance.now()
  child.kill('SIGTERM')
  return { ...(await ended), tookMs: performance.now() - startMs }
}
