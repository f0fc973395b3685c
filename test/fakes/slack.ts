/** Slack's incoming webhooks as documented: what they take, the limits of Block Kit, and the words they refuse with. */
import { slackTarget } from '../../connectors/webhook/targets/slack.ts'
import type { Refusal } from './selftest.ts'
import { type Received, type Reply, WebhookServer } from './webhook-server.ts'

/** Documented limits (Block Kit reference; slackapi/bolt-js #2509 for the sum). */
const LIMIT = {
  blocks: 50,
  sectionText: 3000,
  fields: 10,
  fieldText: 2000,
  header: 150,
  contextElements: 10,
  allText: 13_000,
}
const HOOK = '/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX'

export class FakeSlack {
  readonly server: WebhookServer
  /** Payloads that were posted to the channel. */
  readonly messages: Record<string, unknown>[] = []
  /** What an administrator did to the hook; Slack then refuses with this word. */
  state: 'active' | 'no_service' | 'no_active_hooks' | 'action_prohibited' | 'channel_is_archived' | 'invalid_token' =
    'active'
  /** One message a second is allowed when set: a clock in milliseconds. Slack lets short bursts through; the fake does not. */
  rateClock: (() => number) | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  private constructor(server: WebhookServer) {
    this.server = server
  }

  static async start(): Promise<FakeSlack> {
    let slack: FakeSlack
    const server = await WebhookServer.start((request) => slack.answer(request))
    slack = new FakeSlack(server)
    return slack
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}${HOOK}`
  }

  answer(request: Received): Reply {
    if (request.path !== HOOK) return { status: 404, body: 'no_service' }
    if (request.method !== 'POST') return { status: 400, body: 'invalid_payload' }
    const refusedBy = {
      no_service: 404,
      no_active_hooks: 404,
      action_prohibited: 403,
      invalid_token: 403,
      channel_is_archived: 410,
    }
    if (this.state !== 'active') return { status: refusedBy[this.state], body: this.state }
    const limited = this.#rateLimited()
    if (limited !== undefined) return limited
    const payload = payloadOf(request)
    if (payload === undefined) return { status: 400, body: 'invalid_payload' }
    const refused = refusal(payload)
    if (refused !== undefined) return { status: 400, body: refused }
    this.messages.push(payload)
    return { status: 200, headers: { 'content-type': 'text/html' }, body: 'ok' }
  }

  #rateLimited(): Reply | undefined {
    if (this.rateClock === undefined) return undefined
    const nowMs = this.rateClock()
    if (nowMs - this.#lastMs < 1000) {
      const headers = { 'retry-after': '1', 'content-type': 'application/json' }
      return { status: 429, headers, body: '{"retry_after":1,"ok":false,"error":"rate_limited"}' }
    }
    this.#lastMs = nowMs
    return undefined
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

/** JSON, or a form with `payload=`, as Slack takes both; any other content type is not read. */
function payloadOf(request: Received): Record<string, unknown> | undefined {
  const type = request.headers['content-type']?.split(';')[0]?.trim()
  const text =
    type === 'application/x-www-form-urlencoded' ? new URLSearchParams(request.body).get('payload') : request.body
  if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded') return undefined
  try {
    const payload: unknown = JSON.parse(text ?? '')
    return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
      ? (payload as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

type Json = Readonly<Record<string, unknown>>
const isText = (value: unknown, kinds: readonly string[], most: number): boolean => {
  const text = value as Json | undefined
  if (typeof text?.['type'] !== 'string' || !kinds.includes(text['type']) || typeof text['text'] !== 'string')
    return false
  if (text['type'] === 'mrkdwn' ? 'emoji' in text : 'verbatim' in text) return false
  return text['text'].length >= 1 && text['text'].length <= most
}

function refusal(payload: Json): string | undefined {
  const { blocks, text } = payload
  if (blocks === undefined) return typeof text === 'string' && text !== '' ? undefined : 'no_text'
  if (!Array.isArray(blocks) || blocks.length > LIMIT.blocks || !blocks.every(isBlock)) return 'invalid_blocks'
  const lengths = JSON.stringify(blocks, (key, value: unknown) => (key === 'type' ? undefined : value)).length
  return lengths > LIMIT.allText ? 'msg_blocks_too_long' : undefined
}

function isBlock(block: Json): boolean {
  const any = ['mrkdwn', 'plain_text']
  switch (block['type']) {
    case 'header':
      return isText(block['text'], ['plain_text'], LIMIT.header)
    case 'section': {
      const { text, fields } = block
      if (text === undefined && fields === undefined) return false
      if (text !== undefined && !isText(text, any, LIMIT.sectionText)) return false
      if (fields === undefined) return true
      return (
        Array.isArray(fields) &&
        fields.length >= 1 &&
        fields.length <= LIMIT.fields &&
        fields.every((field) => isText(field, any, LIMIT.fieldText))
      )
    }
    case 'context': {
      const { elements } = block
      return (
        Array.isArray(elements) &&
        elements.length >= 1 &&
        elements.length <= LIMIT.contextElements &&
        elements.every((element) => isText(element, any, LIMIT.sectionText))
      )
    }
    case 'divider':
      return true
    default:
      return false
  }
}

async function refuses(
  said: string,
  messages: readonly Json[],
  prepare: (slack: FakeSlack) => void = () => undefined,
): Promise<boolean> {
  const slack = await FakeSlack.start()
  prepare(slack)
  let last = ''
  for (const one of messages) {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(slack.url, { method: 'POST', headers, body: JSON.stringify(one) })
    last = `${answer.status} ${await answer.text()}`
  }
  await slack.close()
  return last.startsWith(said)
}
const section = (length: number): Json => ({ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(length) } })
const blocks = (count: number, block: Json): readonly Json[] => [
  { text: 'x', blocks: Array.from({ length: count }, () => block) },
]

export const selftest: readonly Refusal[] = [
  { name: '51 blocks', refuses: () => refuses('400 invalid_blocks', blocks(51, { type: 'divider' })) },
  { name: 'a text of 3,001 characters', refuses: () => refuses('400 invalid_blocks', blocks(1, section(3_001))) },
  {
    name: 'a header of 151 characters',
    refuses: () =>
      refuses('400 invalid_blocks', blocks(1, { type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } })),
  },
  {
    name: '11 fields',
    refuses: () => {
      const fields = Array.from({ length: 11 }, () => ({ type: 'mrkdwn', text: 'x' }))
      return refuses('400 invalid_blocks', blocks(1, { type: 'section', fields }))
    },
  },
  {
    name: 'more than 13,000 characters in all',
    refuses: () => refuses('400 msg_blocks_too_long', blocks(5, section(2_900))),
  },
  { name: 'an empty text', refuses: () => refuses('400 no_text', [{ text: '' }]) },
  {
    name: 'a second message within the second',
    refuses: () =>
      refuses('429', [{ text: 'x' }, { text: 'x' }], (slack) => {
        slack.rateClock = () => 0
      }),
  },
  {
    name: 'a token that is not valid any more',
    refuses: () =>
      refuses('403 invalid_token', [{ text: 'x' }], (slack) => {
        slack.state = 'invalid_token'
      }),
  },
  {
    name: 'a 200 with an error body is noticed',
    refuses: async () =>
      slackTarget('soc', 'https://slack.example/').verdict({ status: 200, headers: {}, body: 'invalid_payload' })
        .kind !== 'delivered',
  },
]
