/** A Teams Workflows webhook as documented: Adaptive Cards up to 1.5, 28 KB, four requests a second, and how it says no. */
import { teamsTarget } from '../../connectors/webhook/targets/teams.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

const LIMIT = { messageBytes: 28 * 1024, requestsPerSecond: 4 }
const HOOK =
  '/workflows/0a1b2c/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sig=XXXX'
const CARD = 'application/vnd.microsoft.card.adaptive'
type Json = Readonly<Record<string, unknown>>

export class FakeTeams {
  readonly server: WebhookServer
  /** Cards that stand in the channel. */
  readonly cards: Json[] = []
  /** `failing`: the older connector, whose 200 holds the failure. */
  state: 'active' | 'expired' | 'disabled' | 'failing' = 'active'
  /** Four requests a second are allowed when set: a clock in milliseconds. */
  rateClock: (() => number) | undefined
  readonly #requestsMs: number[] = []

  private constructor(server: WebhookServer) {
    this.server = server
  }

  static async start(): Promise<FakeTeams> {
    let teams: FakeTeams
    const server = await WebhookServer.start((request) => teams.answer(request))
    teams = new FakeTeams(server)
    return teams
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}${HOOK}`
  }

  answer(request: Received): Reply {
    if (request.path !== HOOK || this.state === 'expired') return refused(401, 'DirectApiAuthorizationRequired')
    if (this.state === 'disabled') return refused(400, 'WorkflowTriggerIsNotEnabled')
    if (this.state === 'failing')
      return {
        status: 200,
        body: 'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x',
      }
    if (this.#throttled())
      return { ...refused(429, 'WorkflowRunActionRepetitionQuotaExceeded'), headers: { 'retry-after': '1' } }
    if (Buffer.byteLength(request.body) > LIMIT.messageBytes) return refused(413, 'RequestEntityTooLarge')
    const card = request.headers['content-type']?.startsWith('application/json') ? cardOf(request.body) : undefined
    if (card === undefined) return refused(400, 'TriggerInputSchemaMismatch')
    this.cards.push(card)
    return { status: 202, body: '' }
  }

  #throttled(): boolean {
    if (this.rateClock === undefined) return false
    const nowMs = this.rateClock()
    if (this.#requestsMs.filter((at) => nowMs - at < 1_000).length >= LIMIT.requestsPerSecond) return true
    this.#requestsMs.push(nowMs)
    return false
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

const refused = (status: number, code: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error: { code, message: 'The request was refused.' } }),
})

function cardOf(body: string): Json | undefined {
  let message: Json
  try {
    message = JSON.parse(body) as Json
  } catch {
    return undefined
  }
  const attachments = message?.['attachments']
  if (message?.['type'] !== 'message' || !Array.isArray(attachments) || attachments.length !== 1) return undefined
  const { contentType, content } = attachments[0] as { contentType?: unknown; content?: Json }
  if (contentType !== CARD || content?.['type'] !== 'AdaptiveCard') return undefined
  const { version, body: elements } = content as { version?: unknown; body?: unknown }
  if (typeof version !== 'string' || !/^1\.[0-5]$/.test(version)) return undefined
  return Array.isArray(elements) && elements.length > 0 && elements.every(isElement) ? content : undefined
}

const isElement = (element: Json): boolean => {
  if (element?.['type'] === 'TextBlock') return typeof element['text'] === 'string'
  const inlines = element?.['inlines']
  return (
    element?.['type'] === 'RichTextBlock' &&
    Array.isArray(inlines) &&
    inlines.length > 0 &&
    inlines.every((run: Json) => run?.['type'] === 'TextRun' && typeof run['text'] === 'string' && run['text'] !== '')
  )
}

/** Every text of a card, by whether Teams reads Markdown in it. */
export function textsOf(card: Json): { readonly plain: readonly string[]; readonly markdown: readonly string[] } {
  const elements = card['body'] as readonly Json[]
  return {
    plain: elements.flatMap(({ inlines }) => ((inlines ?? []) as readonly Json[]).map(({ text }) => String(text))),
    markdown: elements.flatMap(({ type, text }) => (type === 'TextBlock' ? [String(text)] : [])),
  }
}

async function answerTo(body: unknown, prepare: (teams: FakeTeams) => void = () => undefined): Promise<Response[]> {
  const teams = await FakeTeams.start()
  prepare(teams)
  const answers: Response[] = []
  for (const one of [body].flat())
    answers.push(
      await fetch(teams.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(one),
      }),
    )
  await teams.close()
  return answers
}
const message = (elements: readonly unknown[], version = '1.5') => ({
  type: 'message',
  attachments: [{ contentType: CARD, content: { type: 'AdaptiveCard', version, body: elements } }],
})
const text = (length: number) => ({ type: 'TextBlock', text: 'x'.repeat(length) })
const refuses = async (status: number, body: unknown, prepare?: (teams: FakeTeams) => void): Promise<boolean> =>
  (await answerTo(body, prepare)).at(-1)?.status === status

export const selftest: readonly Refusal[] = [
  { name: 'a message of 28 KB and one byte', refuses: () => refuses(413, message([text(28 * 1024)])) },
  { name: 'a card of a version it does not know', refuses: () => refuses(400, message([text(1)], '1.6')) },
  { name: 'a card with nothing in it', refuses: () => refuses(400, message([])) },
  {
    name: 'a message card of the retired connector',
    refuses: () => refuses(400, { '@type': 'MessageCard', text: 'x' }),
  },
  {
    name: 'a fifth request within the second',
    refuses: () =>
      refuses(
        429,
        Array.from({ length: 5 }, () => message([text(1)])),
        (teams) => {
          teams.rateClock = () => 0
        },
      ),
  },
  {
    name: 'an expired signature of the URL',
    refuses: () =>
      refuses(401, message([text(1)]), (teams) => {
        teams.state = 'expired'
      }),
  },
  {
    name: 'a 200 with an error body is noticed',
    async refuses() {
      const [answer] = await answerTo(message([text(1)]), (teams) => {
        teams.state = 'failing'
      })
      const { verdict } = teamsTarget('soc', 'https://teams.example/')
      return verdict({ status: answer!.status, headers: {}, body: await answer!.text() }).kind === 'retry'
    },
  },
]
