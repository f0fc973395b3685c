/** Starts a real Apache Kafka (KRaft) from Maven Central's jars: for tests, the demo and `npm run kafka:up|down`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const repository = resolve(fileURLToPath(new URL('..', import.meta.url)))
const cache = join(repository, '.kafka')
const libs = join(cache, 'libs')
const archive = join(cache, 'kafka.jsa')
const pidFile = join(cache, 'broker.json')
const CLUSTER_ID = 'bWNwLWF1ZGl0ZC10ZXN0MQ'
const START_TIMEOUT_MS = 60_000

export interface Broker {
  /** `127.0.0.1:PORT` of each node. */
  readonly brokers: string[]
  /** Sends a signal to one node (0-based) and waits for its end unless the signal only stops or continues it. */
  kill(node: number, signal: NodeJS.Signals): Promise<void>
  restart(node: number): Promise<void>
  stop(): Promise<void>
  /** Process ids by node. */
  pids(): number[]
}

export interface BrokerOptions {
  /** Three nodes: replication 3, min ISR 2, a leader move can be seen. */
  readonly nodes: 1 | 3
  /** An empty or missing folder; it is not removed. */
  readonly dir: string
  /** Client port of the first node; 0 or absent takes a free one. */
  readonly port?: number
  /** Lets the brokers outlive this process (`kafka:up`). */
  readonly detached?: boolean
}

/** What is missing to start a broker here, one sentence a person can act on; undefined when nothing is. */
export async function missingForBroker(): Promise<string | undefined> {
  const java = await run('java', ['-version']).catch(() => undefined)
  if (java === undefined)
    return 'no `java` on the PATH (17 or newer is needed): install a JRE, or set KAFKA_BROKERS to a running cluster'
  const version = Number(/version "(\d+)/.exec(java.stderr + java.stdout)?.[1])
  if (version < 17)
    return `java ${version} is too old for Kafka 4 (17 or newer is needed), or set KAFKA_BROKERS to a running cluster`
  if (haveJars()) return undefined
  const maven = await run('mvn', ['-v']).catch(() => undefined)
  return maven === undefined
    ? 'no `mvn` on the PATH to fetch Kafka with: install Maven, or set KAFKA_BROKERS to a running cluster'
    : undefined
}

const haveJars = () => existsSync(libs) && readdirSync(libs).some((file) => file.startsWith('kafka-server-4'))

/** Jar paths in one fixed order: a CDS archive is only valid for the class path it was made with. */
async function classPath(): Promise<string> {
  if (!haveJars()) {
    const staging = join(cache, `libs.${process.pid}`)
    const goal = ['-B', '-q', '-f', join(repository, 'deploy/kafka/pom.xml'), 'dependency:copy-dependencies']
    await run('mvn', [...goal, `-DoutputDirectory=${staging}`, '-DincludeScope=runtime'], { maxBuffer: 1 << 24 }).catch(
      (error) => {
        throw new Error(
          `kafka broker: Maven could not fetch Kafka's jars: ${String(error.stdout || error.message).slice(0, 500)}`,
        )
      },
    )
    try {
      renameSync(staging, libs)
    } catch (error) {
      rmSync(staging, { recursive: true, force: true })
      if (!haveJars()) throw error // not another process that was faster
    }
  }
  return readdirSync(libs)
    .filter((file) => file.endsWith('.jar'))
    .sort()
    .map((file) => join(libs, file))
    .join(':')
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer()
      return new Promise<typeof server>((done, fail) =>
        server.once('error', fail).listen(0, '127.0.0.1', () => done(server)),
      )
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

function serverProperties(node: number, ports: { client: number; controller: number }[], dir: string): string {
  const replicas = ports.length
  const minIsr = replicas === 1 ? 1 : 2
  const own = ports[node]!
  return `${[
    'process.roles=broker,controller',
    `node.id=${node + 1}`,
    `controller.quorum.voters=${ports.map((port, i) => `${i + 1}@127.0.0.1:${port.controller}`).join(',')}`,
    `listeners=PLAINTEXT://127.0.0.1:${own.client},CONTROLLER://127.0.0.1:${own.controller}`,
    'controller.listener.names=CONTROLLER',
    `log.dirs=${join(dir, 'log')}`,
    'auto.create.topics.enable=false',
    `default.replication.factor=${replicas}`,
    `min.insync.replicas=${minIsr}`,
    'offsets.topic.num.partitions=4',
    `offsets.topic.replication.factor=${replicas}`,
    'transaction.state.log.num.partitions=4',
    `transaction.state.log.replication.factor=${replicas}`,
    `transaction.state.log.min.isr=${minIsr}`,
    'share.coordinator.state.topic.num.partitions=1',
    `share.coordinator.state.topic.replication.factor=${replicas}`,
    `share.coordinator.state.topic.min.isr=${minIsr}`,
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    'num.network.threads=2',
    'num.io.threads=2',
    'log.cleaner.threads=1',
    // Without it a broker with less than 256 MB of heap exits at start.
    'log.cleaner.dedupe.buffer.size=4194304',
    'log.cleaner.backoff.ms=500',
    // A node back from kill -9 is taken in again after 3.5 s instead of 12 s.
    `broker.session.timeout.ms=${replicas === 1 ? 1500 : 4000}`,
    'broker.heartbeat.interval.ms=250',
  ].join('\n')}\n`
}

/** Starts the nodes and returns when each serves. Rejects with the missing tool, or the end of the broker's own log. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const missing = await missingForBroker()
  if (missing !== undefined) throw new Error(`kafka broker: ${missing}`)
  mkdirSync(cache, { recursive: true })
  const classes = await classPath()
  const free = await freePorts(options.nodes * 2)
  const ports = Array.from({ length: options.nodes }, (_, i) => ({
    client: i === 0 && options.port ? options.port : free[2 * i]!,
    controller: free[2 * i + 1]!,
  }))
  const children: (ChildProcess | undefined)[] = []
  const brokers = ports.map((port) => `127.0.0.1:${port.client}`)

  const nodeDir = (node: number) => join(options.dir, `node${node + 1}`)
  const start = async (node: number) => {
    const dir = nodeDir(node)
    const from = existsSync(logFile(dir)) ? readFileSync(logFile(dir), 'utf8').length : 0
    children[node] = launch(classes, dir, options.detached === true)
    await untilServing(children[node]!, dir, from)
  }
  const kill = async (node: number, signal: NodeJS.Signals) => {
    const child = children[node]
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await gone
  }
  const stop = async () => {
    // Three nodes told together can wait for a quorum that is gone: SIGKILL after a grace of five seconds.
    const force = setTimeout(() => children.forEach((child) => void child?.kill('SIGKILL')), 5000)
    await Promise.all(children.map((_, node) => kill(node, options.nodes === 1 ? 'SIGTERM' : 'SIGKILL')))
    clearTimeout(force)
    keepArchive(nodeDir(0))
  }

  try {
    await Promise.all(ports.map((_, node) => format(classes, node, ports, nodeDir(node))))
    await Promise.all(ports.map((_, node) => start(node)))
  } catch (error) {
    await stop()
    throw error
  }
  if (options.detached === true) for (const child of children) child?.unref()
  return { brokers, pids: () => children.map((child) => child!.pid!), kill, restart: start, stop }
}

async function format(classes: string, node: number, ports: { client: number; controller: number }[], dir: string) {
  mkdirSync(dir, { recursive: true })
  const properties = join(dir, 'server.properties')
  writeFileSync(properties, serverProperties(node, ports, dir))
  await run('java', [
    '-Xshare:auto',
    '-cp',
    classes,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER_ID,
    '-c',
    properties,
  ])
}

const jvmFlags = [
  '-Xmx192m',
  '-Xss512k',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
]

/** The class-data archive halves every later start; the first broker stopped with SIGTERM writes it. */
function launch(classes: string, dir: string, detached: boolean): ChildProcess {
  const log = openSync(logFile(dir), 'a')
  const shared = existsSync(archive)
    ? [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto']
    : [`-XX:ArchiveClassesAtExit=${join(dir, 'kafka.jsa')}`]
  const args = [...jvmFlags, ...shared, '-cp', classes, 'kafka.Kafka', join(dir, 'server.properties')]
  const child = spawn('java', args, { stdio: ['ignore', log, log], detached })
  closeSync(log)
  return child
}

const logFile = (dir: string) => join(dir, 'broker.log')

/** Kafka binds its port before it serves, so its own word is waited for: the log beyond `from` says that it started. */
async function untilServing(child: ChildProcess, dir: string, from: number): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS
  for (;;) {
    const said = readFileSync(logFile(dir), 'utf8').slice(from)
    if (said.includes('Kafka Server started')) return
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      const tail = said.trim().split('\n').slice(-8).join('\n')
      throw new Error(
        `kafka broker: did not start in ${dir} (exit ${child.exitCode ?? child.signalCode ?? 'none'}):\n${tail}`,
      )
    }
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** Keeps the archive that a broker wrote at its end, for the next start. */
function keepArchive(dir: string): void {
  const written = join(dir, 'kafka.jsa')
  if (existsSync(written) && !existsSync(archive)) renameSync(written, archive)
}

interface Running {
  readonly pid: number
  readonly brokers: string[]
  readonly dir: string
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('kafka.Kafka')
  } catch {
    return false
  }
}

/** `kafka:up [PORT]`: one broker that outlives this command. */
async function up(port: number): Promise<void> {
  if (existsSync(pidFile)) {
    const running = JSON.parse(readFileSync(pidFile, 'utf8')) as Running
    if (alive(running.pid)) {
      process.stdout.write(`KAFKA_BROKERS=${running.brokers.join(',')}\n`)
      return
    }
    rmSync(running.dir, { recursive: true, force: true })
  }
  const dir = join(cache, `up.${process.pid}`)
  const broker = await startBroker({ nodes: 1, dir, port, detached: true })
  writeFileSync(pidFile, JSON.stringify({ pid: broker.pids()[0]!, brokers: broker.brokers, dir } satisfies Running))
  process.stdout.write(`KAFKA_BROKERS=${broker.brokers.join(',')}\n`)
}

/** `kafka:down`: stops what `up` started and removes its log. */
async function down(): Promise<void> {
  if (!existsSync(pidFile)) {
    process.stderr.write('kafka broker: none was started by kafka:up\n')
    return
  }
  const running = JSON.parse(readFileSync(pidFile, 'utf8')) as Running
  if (alive(running.pid)) process.kill(running.pid, 'SIGTERM')
  for (let waitedMs = 0; alive(running.pid); waitedMs += 100) {
    if (waitedMs === 10_000) process.kill(running.pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 100))
  }
  keepArchive(join(running.dir, 'node1'))
  rmSync(running.dir, { recursive: true, force: true })
  rmSync(pidFile)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, port] = process.argv.slice(2)
  const action = command === 'up' ? up(Number(port ?? 0)) : command === 'down' ? down() : undefined
  if (action === undefined) {
    process.stderr.write('usage: kafka-broker.ts up [PORT] | down\n')
    process.exitCode = 2
  } else {
    await action.catch((error: Error) => {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = 1
    })
  }
}
