/** Connections that live longer than one exchange: legacy sessions by their id, and the two-endpoint transport by its address. */
import type { Gateway } from '../observe/gateway-context.ts'
import { WireConnection } from '../observe/wire-connection.ts'

/** Sessions come without their end (clients just leave): the one that was quiet longest goes. */
const MAX_SESSIONS = 10_000

export class WireSessions {
  private readonly gateway: Gateway
  private readonly byId = new Map<string, WireConnection>()
  /** Where a session was opened: what another path answers says nothing of it. */
  private readonly paths = new WeakMap<WireConnection, string>()
  private readonly byAddress = new Map<string, WireConnection>()

  constructor(gateway: Gateway) {
    this.gateway = gateway
  }

  get size(): number {
    return this.byId.size + this.byAddress.size
  }

  find(id: string): WireConnection | undefined {
    return this.byId.get(id)
  }

  /** The session of this id; one that began before we did, or that we forgot, is taken up. */
  open(id: string, path: string, scopeSetHash: string): WireConnection {
    const known = this.byId.get(id)
    const session = known ?? this.connection('http', scopeSetHash)
    session.sessionId = id
    if (known === undefined) this.paths.set(session, path)
    this.keep(this.byId, id, session)
    return session
  }

  /** `address`: path and query where the client has to post, as the stream said. */
  openLegacy(address: string, scopeSetHash: string): WireConnection {
    const session = this.connection('sse_legacy', scopeSetHash)
    session.sessionId = sessionIdIn(address)
    this.keep(this.byAddress, address, session)
    return session
  }
  findLegacy(address: string): WireConnection | undefined {
    return this.byAddress.get(address)
  }

  /** The server says that it is over: told, with whatever had no answer. */
  end(id: string, path: string): void {
    const session = this.byId.get(id)
    if (session === undefined || this.paths.get(session) !== path) return
    this.byId.delete(id)
    session.closed()
  }
  endLegacy(address: string): void {
    const session = this.byAddress.get(address)
    this.byAddress.delete(address)
    session?.closed()
  }

  /** One exchange and no more. */
  alone(era: 'legacy' | 'modern', scopeSetHash: string): WireConnection {
    return new WireConnection(this.gateway, this.gateway.registryFor(era, scopeSetHash), 'http')
  }

  private connection(kind: 'http' | 'sse_legacy', scopeSetHash: string): WireConnection {
    return new WireConnection(this.gateway, this.gateway.registryFor('legacy', scopeSetHash), kind)
  }

  /** Set anew, so that what is in use is the youngest. */
  private keep(sessions: Map<string, WireConnection>, key: string, session: WireConnection): void {
    sessions.delete(key)
    if (sessions.size >= MAX_SESSIONS) sessions.delete(sessions.keys().next().value!)
    sessions.set(key, session)
  }
}

/** `/messages?sessionId=…` as the SDKs name it; else the address itself is the secret that stands for the session. */
function sessionIdIn(address: string): string {
  const { searchParams } = new URL(address, 'http://legacy.invalid')
  return searchParams.get('sessionId') ?? searchParams.get('session_id') ?? address
}
