/**
 * Makes the source of an MCP SDK say when a server connects: one call at the head of a method, nothing else. Found by structure and
 * not by path, so that every copy is found: SDK v1 in any version, ESM or CommonJS, the hashed chunks of v2, and bundles, minified too,
 * because minifiers keep property names. Pure text to text: it also runs in the thread of module hooks.
 */

/**
 * Property of globalThis where register.ts puts what the changed sources call; also the mark by which a changed source is known. A plain
 * name, so that what is inserted has no quotes: a source may hold the text of a program in a string, which must stay a string.
 */
export const REGISTER = '__mcpAuditRegister'
const HOOK = `globalThis.${REGISTER}`

/** One of them stands in every source that is of interest; everything else is left after a search at the speed of memory. */
const SIGNS = ['_requestHandlers', '_registeredTools', 'verifyAccessToken', 'function createMcpHandler(']

const NAME = String.raw`[\w$]+`
const NO_NAME = String.raw`(?![\w$])`
/** Protocol.connect: keeps the transport and starts it. `this` is a client or a server: the call asks. */
const PROTOCOL_CONNECT = new RegExp(
  String.raw`\bconnect\s*\(\s*(${NAME})\s*\)\s*\{(?=[^]{0,500}?\bthis\._transport\s*=\s*\1${NO_NAME})`,
  'g',
)
/** McpServer.connect: hands the transport to its server. It knows the registered tools, which that one does not. */
const FACADE_CONNECT = new RegExp(
  String.raw`\bconnect\s*\(\s*(${NAME})\s*\)\s*\{(?=[^]{0,400}?\bthis\.server\.connect\(\s*\1\s*\))`,
  'g',
)
/** SDK v2: builds a server per request, some of which never connect. */
const HANDLER_FACTORY = new RegExp(String.raw`\bfunction createMcpHandler\(\s*(${NAME})\s*,[^)]*\)\s*\{`, 'g')
/** Where both SDKs ask the verifier about a bearer token; not where verifiers ask each other. */
const VERIFY = new RegExp(
  String.raw`(Missing Authorization header[^]{0,800}?\bawait )(${NAME})(?=\.verifyAccessToken\()`,
  'g',
)

/** Together in one file: a server whose connect was not found, because a bundler has changed what minifiers keep. */
const SERVER_SIGNS = ['_requestHandlers', 'oninitialized', '_serverInfo', '_transport']

/** The changed source; undefined when nothing in it is of interest, or it was changed before. `url`: what to call it when it says so. */
export function audibleSource(source: string, url: string): string | undefined {
  if (!SIGNS.some((sign) => source.includes(sign)) || source.includes(REGISTER)) return undefined
  const changed = source
    .replace(PROTOCOL_CONNECT, `$&${HOOK}?.connecting(this,$1);`)
    .replace(FACADE_CONNECT, `$&${HOOK}?.connecting(this,$1);`)
    .replace(HANDLER_FACTORY, `$&$1=${HOOK}?.factory($1)??$1;`)
    .replace(VERIFY, `$1(${HOOK}?.verifier($2)??$2)`)
  if (changed !== source) return changed
  return SERVER_SIGNS.every((sign) => source.includes(sign))
    ? `${source}\n;${HOOK}?.silent(${JSON.stringify(url)});`
    : undefined
}
