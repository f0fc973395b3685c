/**
 * Tokens of a managed identity. Their addresses are link-local or loopback, which no target may reach: this is the one way there, a GET
 * without a body to an address that Azure documents, and no part of it comes from a configuration or an answer.
 */
import { readFile, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import { Agent, buildConnector } from 'undici'
import { AuditdError } from '../../../schemas/errors.ts'
import type { TargetAnswer } from '../../../schemas/ports.ts'
import { cachedToken, clientToken, type TokenSource } from './azure-token.ts'

/** The instance metadata service of virtual machines, scale sets and AKS nodes. */
const METADATA_URL = 'http://169.254.169.254/metadata/identity/oauth2/token'
const DEADLINE_MS = 10_000
const ANSWER_BYTES = 64 * 1024
/** Where the agent of Azure Arc leaves its challenge, by system; nothing else is ever read, whatever an answer names. */
const ARC_TOKENS = '/var/opt/azcmagent/tokens'
const ARC_TOKEN_BYTES = 4_096

export interface IdentityOptions {
  readonly audience: string
  /** Client id of a user-assigned identity; '' for the system's. */
  readonly clientId: string
  /** Variables that Azure sets in App Service, Functions, Container Apps, on Arc machines and in AKS pods. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Opens the socket somewhere else than the URL says; the tests' stand-in listens on loopback. */
  readonly dial?: (hostname: string, port: string) => { readonly hostname: string; readonly port: string }
  readonly arcTokens?: string
}
interface IdentityRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** Throws AuditdError('config_invalid') where the environment names an address that is none of Azure's. */
export function identityToken(name: string, options: IdentityOptions): TokenSource {
  const federated = workloadIdentity(options)
  if (federated !== undefined) return federated
  const first = identityRequest(name, options)
  const isArc =
    options.environment['IMDS_ENDPOINT'] !== undefined && options.environment['IDENTITY_ENDPOINT'] !== undefined
  return cachedToken(async ({ signal }) => {
    const answer = await ask(first, options, signal)
    if (!isArc || answer.status !== 401) return answer
    const challenge = await arcChallenge(answer.headers['www-authenticate'] ?? '', options.arcTokens ?? ARC_TOKENS)
    return ask({ ...first, headers: { ...first.headers, authorization: `Basic ${challenge}` } }, options, signal)
  })
}

/** AKS workload identity: a token of the cluster stands for the secret, and Entra is asked as by any application. */
function workloadIdentity({ environment, audience, clientId }: IdentityOptions): TokenSource | undefined {
  const { AZURE_FEDERATED_TOKEN_FILE: file, AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: ownId } = environment
  const id = clientId === '' ? ownId : clientId
  if (!file || !tenantId || !id) return undefined
  const authority = environment['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com'
  const assertion = async (): Promise<string> => {
    try {
      return (await readFile(file, 'utf8')).trim()
    } catch (error) {
      throw new AuditdError('target_failed', 'azure', 'AZURE_FEDERATED_TOKEN_FILE', 'cannot be read', error)
    }
  }
  return clientToken({ authority, tenantId, clientId: id, audience }, { assertion })
}

function identityRequest(name: string, { environment, audience, clientId }: IdentityOptions): IdentityRequest {
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header, IMDS_ENDPOINT: arc } = environment
  const query = (version: string) => ({
    'api-version': version,
    resource: audience.replace(/\/$/, ''),
    ...(clientId === '' ? {} : { client_id: clientId }),
  })
  if (endpoint === undefined || endpoint === '')
    return { url: withQuery(METADATA_URL, query('2018-02-01')), headers: { metadata: 'true' } }
  const denied = endpointDenied(endpoint)
  if (denied !== undefined) throw new AuditdError('config_invalid', 'config', `targets.${name}.credential`, denied)
  if (arc !== undefined) return { url: withQuery(endpoint, query('2019-11-01')), headers: { metadata: 'true' } }
  return { url: withQuery(endpoint, query('2019-08-01')), headers: { 'x-identity-header': header ?? '' } }
}

/** Azure's own are plain http on loopback, or link-local on App Service; anything else in that variable is somebody's attempt. */
export function endpointDenied(endpoint: string): string | undefined {
  const url = URL.parse(endpoint)
  if (url === null) return 'IDENTITY_ENDPOINT is not a URL'
  if (url.protocol !== 'http:' || url.username !== '' || url.password !== '')
    return 'IDENTITY_ENDPOINT must be http, without a user name'
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]|169\.254\.\d+\.\d+)$/.test(url.hostname)
  return isLocal ? undefined : 'IDENTITY_ENDPOINT must be a loopback or link-local address'
}

function withQuery(text: string, query: Readonly<Record<string, string>>): URL {
  const url = new URL(text)
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
  return url
}

/** One GET, one socket, no redirect. `localhost` is 127.0.0.1: no name is looked up. */
async function ask(request: IdentityRequest, { dial }: IdentityOptions, signal: AbortSignal): Promise<TargetAnswer> {
  const { url, headers } = request
  const connector = buildConnector({ allowH2: false, timeout: 0 })
  const agent = new Agent({
    connections: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (target, done) => {
      const hostname = target.hostname === 'localhost' ? '127.0.0.1' : target.hostname
      const to = dial === undefined ? { hostname, port: target.port } : dial(hostname, target.port)
      connector({ ...target, ...to, host: to.hostname }, done)
    },
  })
  try {
    const answer = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: 'GET',
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    })
    let body = ''
    for await (const chunk of answer.body) {
      body += String(chunk)
      if (body.length > ANSWER_BYTES) break
    }
    const { 'www-authenticate': challenge, 'retry-after': retryAfter } = answer.headers
    return {
      status: answer.statusCode,
      headers: {
        ...(challenge === undefined ? {} : { 'www-authenticate': String(challenge) }),
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      },
      body,
    }
  } catch (error) {
    const code = (error as { code?: unknown } | null)?.code
    const reason = typeof code === 'string' ? code : 'no managed identity answers here'
    throw new AuditdError('target_failed', 'azure', 'managed identity', reason, error)
  } finally {
    await agent.destroy()
  }
}

/** Who may read this file may use the identity: the challenge names it, and only a file of that one folder is read. */
async function arcChallenge(header: string, folder: string): Promise<string> {
  const path = /^Basic realm=(.+)$/i.exec(header.trim())?.[1]?.replace(/^"|"$/g, '')
  const failed = (reason: string) => new AuditdError('target_failed', 'azure', 'Arc challenge', reason)
  if (path === undefined || posix.dirname(posix.normalize(path)) !== folder || !path.endsWith('.key'))
    throw failed('names no file of the agent')
  try {
    if ((await stat(path)).size > ARC_TOKEN_BYTES) throw failed('is too large')
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof AuditdError) throw error
    throw failed('cannot be read')
  }
}
