// `up` as a child process that can be stopped, continued and killed, and asked for its rows.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const REPOSITORY = resolve(import.meta.dirname, '../..')
const READY_TIMEOUT_MS = 60_000
const LOG_TAIL = 4_000

export interface UpOptions {
  readonly dir: string
  /** 127.0.0.1:PORT, kept over restarts. */
  readonly otlp: string
  /** Arguments after `up`, such as --bus kafka. */
  readonly args?: readonly string[]
  readonly settings?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
}
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Any script of the project as a child that dies with the suite. */
export function launch(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const child = spawn(process.execPath, [join(REPOSITORY, script), ...args], {
    cwd: REPOSITORY,
    env: { ...process.env, MCP_AUDITD_FAILPOINT: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

export class Service {
  readonly child: ChildProcess
  readonly dir: string
  log = ''
  readonly exited: Promise<NodeJS.Signals | number>

  private constructor(child: ChildProcess, dir: string) {
    this.child = child
    this.dir = dir
    child.stderr?.on('data', (chunk) => {
      this.log = (this.log + String(chunk)).slice(-LOG_TAIL)
    })
    child.stdout?.resume()
    this.exited = once(child, 'exit').then(([code, signal]) => (signal ?? code) as NodeJS.Signals | number)
  }

  static start(options: UpOptions): Service {
    mkdirSync(options.dir, { recursive: true })
    const config = join(options.dir, 'config.yaml')
    writeFileSync(config, JSON.stringify(options.settings ?? {}))
    const where = [
      '--data',
      options.dir,
      '--config',
      config,
      '--otlp',
      options.otlp,
      '--admin',
      '127.0.0.1:0',
      '--sql',
      'off',
    ]
    const env = { MCP_AUDITD_LOG_LEVEL: 'info', ...options.env }
    return new Service(launch('cli/main.ts', ['up', ...where, ...(options.args ?? [])], env), options.dir)
  }
  static async startReady(options: UpOptions): Promise<Service> {
    const service = Service.start(options)
    await service.ready()
    return service
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Resolves once `/readyz` says so; throws the end of its log when the process ends before. */
  async ready(): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS
    while (this.running && Date.now() < deadline) {
      const admin = this.#admin()
      const answer = admin && (await fetch(`${admin.url}/readyz`).catch(() => undefined))
      await answer?.arrayBuffer()
      if (answer?.status === 200) return
      await sleep(25)
    }
    throw new Error(
      `the service did not become ready (${this.child.exitCode ?? this.child.signalCode ?? 'still starting'}):\n${this.log}`,
    )
  }

  /** Stops it for good with this signal and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<NodeJS.Signals | number> {
    this.child.kill(signal)
    return this.exited
  }
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** SQL at the admin address; the answer as text. */
  async ask(sql: string): Promise<string> {
    const admin = this.#admin()
    if (admin === undefined) throw new Error(`the service does not answer:\n${this.log}`)
    const response = await fetch(`${admin.url}/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ sql, format: 'TabSeparated' }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`query: ${text}`)
    return text
  }

  /** What it wrote last, as a fault of a row that has others: tells a stuck service from a wrong one. */
  blame(faults: readonly string[]): readonly string[] {
    return faults.length === 0 ? faults : [...faults, `the service last said: ${this.log.slice(-1_500)}`]
  }

  /** The file of an earlier process may still lie there. */
  #admin(): { readonly url: string; readonly token: string } | undefined {
    try {
      const admin = JSON.parse(readFileSync(join(this.dir, 'admin.json'), 'utf8'))
      return admin.pid === this.child.pid ? admin : undefined
    } catch {
      return undefined
    }
  }
}

/** An address nobody listens on, outside the range the system gives to clients: it must stay free while the service is dead. */
export async function freeAddress(): Promise<string> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000)
    const server = createServer()
    const free = await new Promise<boolean>((done) => {
      server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true))
    })
    await new Promise((done) => server.close(done))
    if (free) return `127.0.0.1:${port}`
  }
}
