/**
 * `node --import @mcp-auditd/instrument/register server.js`: every MCP server of the program is audited without a line of code.
 * For programs that others start (npx, a desktop client) with the path of this file: `NODE_OPTIONS=--import=/path/to/register.js`.
 * Node 20.19 or later. Settings are read when the first server connects, so that a program may still load its .env file:
 *
 * MCP_AUDIT_OTLP_ENDPOINT, MCP_AUDIT_OTLP_HEADERS  where events go; default http://127.0.0.1:4318
 * MCP_AUDIT_SERVER_ID                              default: the name the server gives itself
 * MCP_AUDIT_OTLP_TOKEN                             bearer token, as it is or by reference: env:NAME, file:PATH, cmd:PROGRAM
 * MCP_AUDIT_KEY, MCP_AUDIT_KEYS                    key of the keyed hashes, hex or base64; or a file of versioned keys, file:PATH
 * MCP_AUDIT_DISPLAY_NAMES_KEY=file:PATH            record names of people, encrypted with this key, for mcp-auditd reveal
 * MCP_AUDIT_SPOOL, _SPOOL_BYTES, _SPOOL_FSYNC      folder where events wait while nobody takes them, its bound, each|interval
 * MCP_AUDIT_OVERFLOW=destructive=strict,…          what calls do while events cannot be kept
 * MCP_AUDIT_CAPTURE=shape|minimal                  minimal: nothing of arguments and results, not even hashes
 * MCP_AUDIT_SCAN=false                             no content classifiers
 * MCP_AUDIT_EVIDENCE_MS=600000                     follow a collector that asks for redacted texts, so long at most
 * MCP_AUDIT_OUTBOUND=true                          HTTP requests that the process makes in the course of a call
 * MCP_AUDIT_SIDE_EFFECTS=true                      programs it starts and files it writes in the course of a call
 * MCP_AUDIT_AUTH_REQUIRED=true                     requests must carry a verified authorization
 * MCP_AUDIT_EXPECTED_AUDIENCES=a,b                 audiences of tokens for this server
 * MCP_AUDIT_BUILD_DIGEST=…                         what runs, in every event
 * MCP_AUDIT_HEARTBEAT_MS=30000                     0: none
 * MCP_AUDIT_REGISTRY_PROBE=false                   never ask the server for its own tools
 * MCP_AUDIT_HTTP=true                              every HTTP server of the process is watched at its edge: 401, 403, refused
 *                                                  origins, tokens in URLs; read, with the others, when the program starts
 * MCP_AUDIT_DISABLED=true                          nothing happens at all; read when the program starts
 *
 * What code says with instrumentMcpServer wins over all of this. A program without an MCP server pays for a text search in the
 * files it loads and nothing else: the rest of this package is loaded when a server connects. Nothing is ever written to stdout;
 * what cannot be audited is one warning of the process, on stderr.
 */
import { createRequire } from 'node:module'
import { hookSources } from './loader/register-hooks.ts'
import type * as Observer from './loader/register-observer.ts'
import { REGISTER } from './loader/sdk-source.ts'

/** What the sources of SDKs call, on globalThis: one for all copies of this package in the process. */
type Heard = Pick<typeof Observer, 'connecting' | 'factory' | 'verifier' | 'silent'>

const warn = (message: string): void => process.emitWarning(message, { type: 'McpAuditWarning' })
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Of this file, and so of its neighbours: they are published compiled. */
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'))

let observer: typeof Observer | null | undefined
/** The part that observes, loaded when it is first needed; in the midst of a connect, which cannot wait. */
function observe<T>(run: (observer: typeof Observer) => T): T | undefined {
  if (observer === null) return undefined
  try {
    observer ??= createRequire(import.meta.url)(`./loader/register-observer${EXTENSION}`) as typeof Observer
    return run(observer)
  } catch (error) {
    // The same would happen to every server of the process.
    observer = null
    warn(`instrument: register: ${reasonOf(error)}; MCP servers of this process are not audited`)
    return undefined
  }
}

const heard: Heard = {
  connecting: (server, transport) => observe((part) => part.connecting(server, transport)),
  factory: (factory) => observe((part) => part.factory(factory)) ?? factory,
  verifier: (verifier) => observe((part) => part.verifier(verifier)) ?? verifier,
  silent: (url) => observe((part) => part.silent(url)),
}

const isSet = (name: string): boolean => /^(1|true|yes)$/i.test(process.env[name]?.trim() ?? '')
const scope = globalThis as { [REGISTER]?: Heard }
if (!isSet('MCP_AUDIT_DISABLED') && scope[REGISTER] === undefined) {
  try {
    if (!process.features.require_module) throw new Error('needs Node 20.19, 22.12 or later')
    Object.defineProperty(scope, REGISTER, { value: heard })
    hookSources()
    if (isSet('MCP_AUDIT_HTTP')) observe((part) => part.watchHttp())
  } catch (error) {
    // A preload that throws would take the program with it.
    warn(`instrument: register: ${reasonOf(error)}; MCP servers of this process are not audited`)
  }
}
