/** The part of `register` that observes, loaded with the first MCP server of a process: what the sources of SDKs call. */
import { Server as HttpServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { contextFor } from '../audit-context.ts'
import { auditHttp } from '../http.ts'
import { auditTokenVerifier, type TokenVerifier } from '../identity/token-audit.ts'
import { observeConnecting, wrapFactory } from '../install.ts'
import type { InstrumentOptions } from '../options.ts'
import { warnOnce } from '../process-warning.ts'
import type { ServerLike, TransportLike } from '../server-shape.ts'
import { optionsFromEnvironment } from './environment-options.ts'

let read: InstrumentOptions | undefined
const options = (): InstrumentOptions => {
  read ??= optionsFromEnvironment(process.env, warnOnce)
  return read
}

function safely<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    warnOnce(`instrument: register: ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

let hasServer = false

/** A client or a server is about to take a transport. */
export function connecting(server: unknown, transport: unknown): void {
  safely(() => {
    if ('_serverInfo' in (server as object) || (server as ServerLike).server !== undefined) hasServer = true
    observeConnecting(server as ServerLike, transport as TransportLike, options())
  })
}

/** The factory given to createMcpHandler. */
export const factory = (given: unknown): unknown =>
  typeof given === 'function' ? safely(() => wrapFactory(given, options(), 'register')) : given

const verifiers = new WeakMap<object, TokenVerifier>()
/** The verifier that is about to be asked; the same one each time. */
export function verifier(given: unknown): unknown {
  if (given === null || typeof given !== 'object') return given
  return safely(() => {
    let audited = verifiers.get(given)
    if (audited === undefined) {
      audited = auditTokenVerifier(given as TokenVerifier, options())
      verifiers.set(given, audited)
    }
    return audited
  })
}

/** The edge of every server of node:http and node:https, those that are there already too. */
export function watchHttp(): void {
  for (const { prototype } of [HttpServer, HttpsServer]) auditHttp(prototype, options())
}

/** A program may hold the sources of many servers and start one: what counts is whether any was heard by then. */
const PATIENCE_MS = 3_000
const FLUSH_MS = 2_000
const told = new Set<string>()
/** A file holds a server whose connect was not found. */
export function silent(url: unknown): void {
  const say = (): void => {
    clearTimeout(timer)
    if (hasServer) return
    const message = `register: the MCP SDK bundled in ${String(url)} cannot be observed; use mcp-auditd wrap or proxy`
    warnOnce(`instrument: ${message}`)
    const serverId = process.env['MCP_AUDIT_SERVER_ID']
    if (serverId === undefined || told.has(message)) return
    told.add(message)
    const fields = { eventType: 'auditd.error', component: 'instrument', code: 'dependency_missing', message } as const
    safely(() => {
      const context = contextFor(options(), serverId)
      context.emit(fields)
      void context.sink.flush(FLUSH_MS)
    })
  }
  const timer = setTimeout(say, PATIENCE_MS).unref()
  process.once('beforeExit', say)
}
