/** The stage of the demo: an issuer, two protected servers, the reference server, real clients, and what should be found. */
import { randomUUID } from 'node:crypto'
import { pendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { identityOf } from '../../collector/instrument/identity/identity.ts'
import { type AuditSink, type InstrumentOptions, shutdownAudit } from '../../collector/instrument/index.ts'
import { hashesOf } from '../../collector/instrument/keys/keys.ts'
import {
  connectLegacyHttp,
  connectModernHttp,
  connectStdio,
  type DemoClient,
  type ModernClientByHand,
  SentCounter,
} from './clients.ts'
import { type IdentityProvider, ISSUER, SUBJECTS, type Subject, startIdentityProvider } from './identity-provider.ts'
import type { Expectation, Scenario } from './scenario.ts'
import { everythingCommand } from './server-everything.ts'
import { FILES_AUDIENCE, FILES_AUDIT, startFilesServer } from './server-v1.ts'
import { NOTES_AUDIENCE, NOTES_AUDIT, NOTES_SERVER, startNotesServer } from './server-v2.ts'
import { type Grants, Service } from './service.ts'
import { openSink, type SinkAddress } from './sink.ts'
import type { Weaknesses } from './token-verifier.ts'
import type { DemoTool } from './tool.ts'

/** Not a secret: 32 bytes that make the demo’s hashes the same in each run. A deployment takes its key from a vault. */
export const DEMO_KEY = Buffer.from('mcp-auditd demo key, not secret!').toString('hex')
const buildDigest = (number: number): string => `sha256:${String(number).padStart(64, '0')}`

const BASIC = ['openid', 'profile']
const FILES_GRANTS: Grants = {
  alice: [...BASIC, 'files:read', 'files:write'],
  bob: [...BASIC, 'files:read'],
  carol: [...BASIC, 'files:read'],
  dora: [...BASIC, 'files:read', 'files:write', 'files:admin'],
  erin: [...BASIC, 'files:read'],
  nightly: ['files:read'],
}
const NOTES_GRANTS: Grants = {
  alice: [...BASIC, 'notes:read', 'notes:write'],
  bob: [...BASIC, 'notes:read', 'notes:write'],
  carol: [...BASIC, 'notes:read'],
}

/** Longest acceptable wait for an acknowledgement, and longest run of one scenario, ms. They take about 0.1 s. */
const FLUSH_MS = 10_000
const SCENARIO_MS = 20_000

export interface Progress {
  readonly scenario: Scenario
  readonly state: 'started' | 'finished'
  /** Number in the show, from 1, of `total`. */
  readonly number: number
  readonly total: number
}
export interface ExpectedAlert {
  readonly rule: string
  /** As a finding and an alert name it. */
  readonly entity: string
  readonly scenario: string
}

export class Stage {
  readonly files: Service
  readonly notes: Service<ModernClientByHand>
  readonly #identity: IdentityProvider
  readonly #address: SinkAddress
  readonly #sinks: AuditSink[]
  readonly #counter: SentCounter
  readonly #facts = new Map<string, string>()
  readonly #expected: ExpectedAlert[] = []
  readonly #hashes = hashesOf(DEMO_KEY)
  #builds = 1

  private constructor(
    parts: Readonly<{
      files: Service
      notes: Service<ModernClientByHand>
      identity: IdentityProvider
      address: SinkAddress
      sink: AuditSink
      counter: SentCounter
    }>,
  ) {
    this.files = parts.files
    this.notes = parts.notes
    this.#identity = parts.identity
    this.#address = parts.address
    this.#sinks = [parts.sink]
    this.#counter = parts.counter
  }

  static async open(address: SinkAddress): Promise<Stage> {
    const sink = await openSink(address)
    const counter = new SentCounter()
    const identity = await startIdentityProvider()
    const audit: InstrumentOptions = { sink, keys: DEMO_KEY, buildDigest: buildDigest(1), heartbeatMs: 0 }
    const [filesServer, notesServer] = await Promise.all([
      startFilesServer(identity.jwksUrl, { ...audit, ...FILES_AUDIT }),
      startNotesServer(identity.jwksUrl, { ...audit, ...NOTES_AUDIT }),
    ])
    const files = new Service(identity, FILES_AUDIENCE, FILES_GRANTS, filesServer, (url, token, { sessionId }) =>
      connectLegacyHttp(url, counter, sessionId === undefined ? { token } : { token, sessionId }),
    )
    const notes = new Service(identity, NOTES_AUDIENCE, NOTES_GRANTS, notesServer, (url, token) =>
      connectModernHttp(url, counter, { token }),
    )
    return new Stage({ files, notes, identity, address, sink, counter })
  }

  /** tools/call requests that left the clients, each round of a multi-round-trip call by itself. */
  get sent(): number {
    return this.#counter.sent
  }
  /** What the scenarios run so far must have raised. */
  get expected(): readonly ExpectedAlert[] {
    return this.#expected
  }

  /** Plays the scenarios one after another; each ends with its clients closed and its events handed over. */
  async run(scenarios: readonly Scenario[], onProgress: (progress: Progress) => void = () => undefined): Promise<void> {
    for (const [index, scenario] of scenarios.entries()) {
      const at = { scenario, number: index + 1, total: scenarios.length }
      onProgress({ ...at, state: 'started' })
      this.#facts.clear()
      await inTime(scenario.name, scenario.run(this))
      for (const expectation of scenario.expects)
        this.#expected.push({ rule: expectation.rule, entity: this.#entity(expectation), scenario: scenario.name })
      await this.files.closeClients()
      await this.notes.closeClients()
      if (!(await this.flush()))
        throw new Error(`demo: the events of ${scenario.name} were not acknowledged within ${FLUSH_MS} ms`)
      onProgress({ ...at, state: 'finished' })
    }
  }

  /** Until every event is acknowledged by the sink; false when it took longer than FLUSH_MS. */
  async flush(): Promise<boolean> {
    const done = await Promise.all(this.#sinks.map((sink) => sink.flush(FLUSH_MS)))
    return done.every((isDone) => isDone)
  }

  /** The reference server in a process of its own, over stdio. The caller closes the client. */
  everything(sdk: 'v1' | 'v2'): Promise<DemoClient> {
    return connectStdio(sdk, everythingCommand(DEMO_KEY, this.#address), this.#counter)
  }

  /** Switch a protection of a server off while `during` runs. */
  async weaken(service: Service, weakness: keyof Weaknesses, during: () => Promise<void>): Promise<void> {
    const { weaknesses } = service.server
    weaknesses[weakness] = true
    try {
      await during()
    } finally {
      weaknesses[weakness] = false
    }
  }

  /** What a pipeline does: it announces a build, the old server ends, one with the new digest and definitions starts. */
  async redeployNotes(changes: Readonly<Record<string, Partial<DemoTool>>>): Promise<void> {
    const digest = buildDigest(++this.#builds)
    await this.notes.replace(async () => {
      await this.flush()
      const sink = await openSink(this.#address)
      this.#sinks.push(sink)
      const pipeline = { serverId: NOTES_SERVER, producerId: randomUUID() }
      sink.emit(
        pendingEvent(pipeline, {
          eventType: 'deployment.event',
          newBuildDigest: digest,
          actor: 'pipeline',
          runId: `run-${this.#builds}`,
        }),
      )
      const audit = { ...NOTES_AUDIT, sink, keys: DEMO_KEY, buildDigest: digest, heartbeatMs: 0 }
      return startNotesServer(this.#identity.jwksUrl, audit, changes)
    })
  }

  /** Keep a fact for `$fact.NAME` of an expectation; until the next scenario. */
  note(name: string, value: string): void {
    this.#facts.set(name, value)
  }
  principalKey(subject: Subject): string {
    return identityOf({ extra: { iss: ISSUER, sub: SUBJECTS[subject] } }, this.#hashes, '').principalKey ?? ''
  }
  /** What a list of tools is compared within: callers with the same scopes. */
  scopeSetHash(service: Service, subject: Subject): string {
    return identityOf({ scopes: service.scopesOf(subject) }, this.#hashes, '').scopeSetHash
  }
  sessionFp(sessionId: string): string {
    return this.#hashes.handles.hash(sessionId)
  }
  handleFp(handle: string): string {
    return this.#hashes.handles.hash(handle)
  }

  async close(): Promise<void> {
    await this.files.close()
    await this.notes.close()
    await shutdownAudit(5_000)
    for (const sink of this.#sinks) await sink.shutdown(5_000)
    await this.#identity.close()
  }

  #entity({ entity }: Expectation): string {
    return Object.entries(entity)
      .map(([column, value]) => `${column}=${this.#resolve(value)}`)
      .join(' ')
  }
  #resolve(value: string): string {
    const [kind, name = ''] = value.split('.')
    if (kind === '$principal') return this.principalKey(name as Subject)
    if (kind === '$files-scopes') return this.scopeSetHash(this.files, name as Subject)
    if (kind !== '$fact') return value
    const fact = this.#facts.get(name)
    if (fact === undefined) throw new Error(`demo: the scenario noted no fact ${name}`)
    return fact
  }
}

/** Names the scenario that hangs, instead of hanging with it. */
async function inTime(name: string, run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`demo: ${name} took longer than ${SCENARIO_MS} ms`)), SCENARIO_MS)
  })
  await Promise.race([run, late]).finally(() => clearTimeout(timer))
}
