/** Where tokens come from: Entra's v2.0 endpoint, the instance metadata service and App Service's own, as documented. */
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

export const TENANT = '72f988bf-0000-4000-8000-2d7cd011db47'
export const CLIENT = '9b1c2d3e-0000-4000-8000-5e6f7a8b9c0d'
export const SECRET = ['S3cr', 'et~of~the~application'].join('')
export const IDENTITY_HEADER = ['853b9a84', '5bfa', '4b22'].join('-')
export const AUDIENCE = 'https://monitor.azure.com'
const METADATA_VERSION = '2018-02-01'

interface Issued {
  readonly audience: string
  readonly endsMs: number
}

export class FakeEntra {
  readonly server: WebhookServer
  readonly issued = new Map<string, Issued>()
  secret = SECRET
  lifeSeconds = 3599
  /** Audiences the directory knows. */
  audiences = [AUDIENCE]
  /** The machine has an identity. */
  hasIdentity = true
  readonly #nowMs: () => number

  private constructor(server: WebhookServer, nowMs: () => number) {
    this.server = server
    this.#nowMs = nowMs
  }
  static async start(nowMs: () => number = Date.now): Promise<FakeEntra> {
    let entra: FakeEntra
    const server = await WebhookServer.start((request) => entra.answer(request))
    entra = new FakeEntra(server, nowMs)
    return entra
  }
  get url(): string {
    return `http://127.0.0.1:${this.server.port}`
  }
  close(): Promise<void> {
    return this.server.close()
  }

  /** Whether a service with this audience takes it now. */
  takes(token: string, audience: string): boolean {
    const known = this.issued.get(token)
    return known !== undefined && known.audience === audience && known.endsMs > this.#nowMs()
  }
  /** All tokens that are out stop being taken, as after a revocation. */
  revokeAll(): void {
    this.issued.clear()
  }

  answer(request: Received): Reply {
    const url = new URL(request.path, this.url)
    if (url.pathname === '/metadata/identity/oauth2/token') return this.#metadata(request, url.searchParams)
    if (url.pathname === '/msi/token') return this.#appService(request, url.searchParams)
    if (url.pathname === `/${TENANT}/oauth2/v2.0/token`) return this.#client(request)
    if (url.pathname.endsWith('/oauth2/v2.0/token')) return refused(400, 'invalid_request', 90002)
    return { status: 404, body: '' }
  }

  #client(request: Received): Reply {
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded')
      return refused(400, 'invalid_request', 900144)
    const form = new URLSearchParams(request.body)
    if (form.get('grant_type') !== 'client_credentials') return refused(400, 'unsupported_grant_type', 70003)
    if (form.get('client_id') !== CLIENT) return refused(400, 'unauthorized_client', 700016)
    const isAssertion = form.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const proof = isAssertion ? form.get('client_assertion') : form.get('client_secret')
    // The real one says what it was given in words of its own; a leak would show here.
    if (proof !== this.secret) return refused(401, 'invalid_client', 7000215, `secret ${proof} for ${CLIENT}`)
    const scope = form.get('scope') ?? ''
    if (!scope.endsWith('/.default')) return refused(400, 'invalid_scope', 1002012)
    const audience = scope.slice(0, -'/.default'.length)
    if (!this.audiences.includes(audience)) return refused(400, 'invalid_resource', 500011)
    return json(200, { token_type: 'Bearer', expires_in: this.lifeSeconds, access_token: this.#issue(audience) })
  }

  #metadata(request: Received, query: URLSearchParams): Reply {
    if (request.method !== 'GET') return json(405, { error: 'method_not_allowed' })
    if (request.headers['metadata'] !== 'true' || request.headers['x-forwarded-for'] !== undefined)
      return json(400, { error: 'invalid_request', error_description: 'Required metadata header not specified' })
    if (query.get('api-version') !== METADATA_VERSION) return json(400, { error: 'bad_request_102' })
    return this.#managed(query)
  }
  #appService(request: Received, query: URLSearchParams): Reply {
    if (request.method !== 'GET' || request.headers['x-identity-header'] !== IDENTITY_HEADER)
      return json(401, { error: 'unauthorized_client' })
    if (query.get('api-version') !== '2019-08-01') return json(400, { error: 'invalid_request' })
    return this.#managed(query)
  }
  /** Numbers come as text here. */
  #managed(query: URLSearchParams): Reply {
    const wanted = query.get('client_id')
    if (!this.hasIdentity || (wanted !== null && wanted !== CLIENT))
      return json(400, { error: 'invalid_request', error_description: 'Identity not found' })
    const resource = query.get('resource') ?? ''
    if (!this.audiences.includes(resource)) return json(400, { error: 'invalid_resource' })
    const endsSeconds = Math.floor(this.#nowMs() / 1000) + this.lifeSeconds
    return json(200, {
      access_token: this.#issue(resource),
      expires_in: String(this.lifeSeconds),
      expires_on: String(endsSeconds),
      resource,
      token_type: 'Bearer',
    })
  }

  #issue(audience: string): string {
    const token = `token-${this.issued.size}-${Math.random().toString(36).slice(2)}`
    this.issued.set(token, { audience, endsMs: this.#nowMs() + this.lifeSeconds * 1000 })
    return token
  }
}

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
})
const refused = (status: number, error: string, code: number, detail = ''): Reply =>
  json(status, { error, error_description: `AADSTS${code}: ${detail}`, error_codes: [code], trace_id: 'x' })

async function answers(status: number, ask: (entra: FakeEntra) => Promise<Response>): Promise<boolean> {
  const entra = await FakeEntra.start()
  try {
    return (await ask(entra)).status === status
  } finally {
    await entra.close()
  }
}
const grant = (entra: FakeEntra, over: Readonly<Record<string, string>>): Promise<Response> =>
  fetch(`${entra.url}/${TENANT}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: CLIENT,
      client_secret: SECRET,
      scope: `${AUDIENCE}/.default`,
      ...over,
    }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
export const selftest: readonly Refusal[] = [
  { name: 'a wrong client secret', refuses: () => answers(401, (entra) => grant(entra, { client_secret: 'x' })) },
  {
    name: 'an unknown audience',
    refuses: () => answers(400, (entra) => grant(entra, { scope: 'https://x/.default' })),
  },
  { name: 'a scope that is no /.default', refuses: () => answers(400, (entra) => grant(entra, { scope: AUDIENCE })) },
  {
    name: 'metadata without its header',
    refuses: () =>
      answers(400, ({ url }) =>
        fetch(`${url}/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${AUDIENCE}`),
      ),
  },
  {
    name: 'App Service without its header',
    refuses: () => answers(401, ({ url }) => fetch(`${url}/msi/token?api-version=2019-08-01&resource=${AUDIENCE}`)),
  },
]
