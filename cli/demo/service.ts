/** One demo server as a scenario sees it: who connects with which token, and what can be done to the server. */
import type { DemoClient } from './clients.ts'
import type { IdentityProvider, Subject } from './identity-provider.ts'
import type { DemoServer } from './server-v1.ts'

/** What each person may do, by the issuer’s records. Order matters to nobody. */
export type Grants = Readonly<Partial<Record<Subject, readonly string[]>>>

export interface TokenOptions {
  /** Default: the server’s own. */
  readonly audience?: string | readonly string[]
  /** Scopes on top of the grant. */
  readonly plus?: readonly string[]
}
export interface ConnectOptions extends TokenOptions {
  /** Join a session that exists (legacy era). */
  readonly sessionId?: string
}
type Connect<C> = (url: URL, token: string | undefined, options: ConnectOptions) => Promise<C>

export class Service<C extends DemoClient = DemoClient> {
  readonly #identity: IdentityProvider
  readonly #audience: string
  readonly #grants: Grants
  readonly #connect: Connect<C>
  readonly #open = new Set<DemoClient>()
  #server: DemoServer

  constructor(identity: IdentityProvider, audience: string, grants: Grants, server: DemoServer, connect: Connect<C>) {
    this.#identity = identity
    this.#audience = audience
    this.#grants = grants
    this.#server = server
    this.#connect = connect
  }

  get server(): DemoServer {
    return this.#server
  }
  /** A fresh token of a person with the scopes of their grant. */
  token(subject: Subject, { audience = this.#audience, plus = [] }: TokenOptions = {}): Promise<string> {
    return this.#identity.token(subject, { audience, scopes: [...this.scopesOf(subject), ...plus] })
  }
  scopesOf(subject: Subject): readonly string[] {
    return this.#grants[subject] ?? []
  }
  /** A real client of this person; undefined comes without a token. Closed with the scenario. */
  async connect(subject: Subject | undefined, options: ConnectOptions = {}): Promise<C> {
    const token = subject === undefined ? undefined : await this.token(subject, options)
    const client = await this.#connect(this.#server.url, token, options)
    this.#open.add(client)
    return client
  }
  async closeClients(): Promise<void> {
    const clients = [...this.#open].reverse()
    this.#open.clear()
    for (const client of clients) await client.close().catch(() => undefined)
  }
  /** Another build takes over; clients of the old one are closed first. */
  async replace(start: () => Promise<DemoServer>): Promise<void> {
    await this.closeClients()
    await this.#server.close()
    this.#server = await start()
  }
  async close(): Promise<void> {
    await this.closeClients()
    await this.#server.close()
  }
}
