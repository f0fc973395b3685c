/** Azure AI Content Safety's `text:shieldPrompt` as documented: what it takes, its limits, and how it refuses. */
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

/** Documented limits: one user prompt; up to five documents, all together; requests in ten seconds. */
const LIMIT = { characters: 10_000, documents: 5 }
const VERSIONS = new Set(['2024-09-01', '2024-09-15-preview', '2024-02-15-preview'])

export class FakePromptShields {
  readonly server: WebhookServer
  readonly key = 'fake-content-safety-key'
  /** Texts that were judged, in order. */
  readonly judged: string[] = []
  /** What counts as an attack here. */
  attack: (text: string) => boolean = (text) => text.includes('ATTACK')
  private constructor(server: WebhookServer) {
    this.server = server
  }

  static async start(): Promise<FakePromptShields> {
    let fake: FakePromptShields
    const server = await WebhookServer.start((request) => fake.answer(request))
    fake = new FakePromptShields(server)
    return fake
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.server.port}`
  }

  answer({ method, path, headers, body }: Received): Reply {
    const url = new URL(path, 'http://fake')
    if (method !== 'POST' || url.pathname !== '/contentsafety/text:shieldPrompt')
      return refuse(404, 'NotFound', 'Resource not found')
    if (headers['ocp-apim-subscription-key'] !== this.key && headers['authorization'] !== 'Bearer entra-token')
      return refuse(401, '401', 'Access denied due to invalid subscription key or wrong API endpoint.')
    if (!VERSIONS.has(url.searchParams.get('api-version') ?? '')) return refuse(404, 'NotFound', 'api-version')
    if (!headers['content-type']?.startsWith('application/json')) return refuse(415, 'UnsupportedMediaType', 'JSON')
    let asked: { userPrompt?: unknown; documents?: unknown }
    try {
      asked = JSON.parse(body)
    } catch {
      return refuse(400, 'InvalidRequestBody', 'not JSON')
    }
    const { userPrompt, documents = [] } = asked
    if (userPrompt === undefined && (documents as unknown[]).length === 0)
      return refuse(400, 'InvalidRequestBody', 'userPrompt or documents is required')
    if (userPrompt !== undefined && (typeof userPrompt !== 'string' || userPrompt.length > LIMIT.characters))
      return refuse(400, 'InvalidRequestBody', 'userPrompt exceeds 10000')
    if (!Array.isArray(documents) || documents.some((each) => typeof each !== 'string'))
      return refuse(400, 'InvalidRequestBody', 'documents must be texts')
    if (documents.length > LIMIT.documents || documents.join('').length > LIMIT.characters)
      return refuse(400, 'InvalidRequestBody', 'documents exceed 5 or 10000 characters')
    const texts = documents as string[]
    this.judged.push(...(typeof userPrompt === 'string' ? [userPrompt] : []), ...texts)
    const analysis = {
      ...(typeof userPrompt === 'string' && { userPromptAnalysis: { attackDetected: this.attack(userPrompt) } }),
      documentsAnalysis: texts.map((text) => ({ attackDetected: this.attack(text) })),
    }
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(analysis) }
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

const refuse = (status: number, code: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-ms-error-code': code },
  body: JSON.stringify({ error: { code, message } }),
})
