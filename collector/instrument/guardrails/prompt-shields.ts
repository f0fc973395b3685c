/**
 * Azure AI Content Safety, Prompt Shields: `POST {endpoint}/contentsafety/text:shieldPrompt?api-version=2024-09-01`, key in
 * `Ocp-Apim-Subscription-Key` or an Entra token for `https://cognitiveservices.azure.com/.default`.
 */
import {
  type Guardrail,
  GuardrailError,
  type GuardrailFailure,
  type GuardrailTarget,
  type GuardrailVerdict,
} from './guardrail.ts'

const API_VERSION = '2024-09-01'
/** Limits of the service: one user prompt, or all documents of a request together. */
const MAX_CHARACTERS = 10_000
/** A sentence that stands across a cut is seen whole in one of the two pieces. */
const OVERLAP_CHARACTERS = 400
const MAX_ANSWER_CHARACTERS = 65_536

export interface PromptShieldsOptions {
  /** Such as `https://my-resource.cognitiveservices.azure.com`. */
  readonly endpoint: string
  /** The resource's key, or a function that gives an Entra token; asked for every request, so that it may be renewed. */
  readonly key?: string | (() => string | Promise<string>)
  readonly token?: () => string | Promise<string>
  /** Requests for one text at most; 4. What lies beyond is reported as not sent. */
  readonly maxChunks?: number
}

export function promptShields(options: PromptShieldsOptions): Guardrail {
  const url = new URL('/contentsafety/text:shieldPrompt', options.endpoint)
  url.searchParams.set('api-version', API_VERSION)
  const maxChunks = options.maxChunks ?? 4
  return {
    name: 'azure_prompt_shields',
    async check(target, text, signal): Promise<GuardrailVerdict> {
      const { chunks, unsentCharacters } = chunksOf(text, maxChunks)
      for (const [index, chunk] of chunks.entries())
        if (await ask(url, options, target, chunk, signal)) return { attack: true, chunks: index + 1, unsentCharacters }
      return { attack: false, chunks: chunks.length, unsentCharacters }
    },
  }
}

/** Pieces that the service takes, each beginning before the end of the one before; never cut inside a character. */
export function chunksOf(text: string, maxChunks: number): { chunks: string[]; unsentCharacters: number } {
  const chunks: string[] = []
  let at = 0
  while (at < text.length && chunks.length < maxChunks) {
    let end = Math.min(text.length, at + MAX_CHARACTERS)
    if (end < text.length && isLow(text.charCodeAt(end)) && isHigh(text.charCodeAt(end - 1))) end--
    chunks.push(text.slice(at, end))
    if (end === text.length) return { chunks, unsentCharacters: 0 }
    at = end - OVERLAP_CHARACTERS
    if (isLow(text.charCodeAt(at))) at++
  }
  return { chunks, unsentCharacters: Math.max(0, text.length - at - OVERLAP_CHARACTERS) }
}
const isLow = (code: number): boolean => code >= 0xdc00 && code <= 0xdfff
const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff

async function ask(
  url: URL,
  { key, token }: PromptShieldsOptions,
  target: GuardrailTarget,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  const credential: Record<string, string> =
    token !== undefined
      ? { authorization: `Bearer ${await token()}` }
      : key !== undefined
        ? { 'ocp-apim-subscription-key': typeof key === 'string' ? key : await key() }
        : {}
  const body = JSON.stringify(target === 'user_prompt' ? { userPrompt: text } : { documents: [text] })
  let answer: Response
  let said: string
  try {
    answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credential },
      body,
      signal,
      redirect: 'error',
    })
    said = await boundedText(answer)
  } catch (error) {
    if (error instanceof GuardrailError) throw error
    if (signal.aborted) throw new GuardrailError('timeout', 'no answer in time')
    throw new GuardrailError('unavailable', error instanceof Error ? error.name : 'error')
  }
  if (!answer.ok) throw new GuardrailError(failureOf(answer.status), `status ${answer.status}`, retryAfterMs(answer))
  return attackIn(said, target)
}

async function boundedText(answer: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (text.length > MAX_ANSWER_CHARACTERS) throw new GuardrailError('malformed_answer', 'the answer is too long')
  }
  return text
}

function failureOf(status: number): GuardrailFailure {
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 429) return 'rate_limited'
  return status >= 500 || status === 408 ? 'unavailable' : 'refused'
}

function retryAfterMs(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after'))
  return seconds > 0 ? Math.min(seconds, 300) * 1000 : undefined
}

/** A 200 whose body does not say what was asked is no clean bill of health. */
function attackIn(said: string, target: GuardrailTarget): boolean {
  try {
    const { userPromptAnalysis, documentsAnalysis } = JSON.parse(said) as {
      userPromptAnalysis?: { attackDetected?: unknown } | null
      documentsAnalysis?: readonly { attackDetected?: unknown }[] | null
    }
    const analysis = target === 'user_prompt' ? userPromptAnalysis : documentsAnalysis?.[0]
    if (typeof analysis?.attackDetected === 'boolean') return analysis.attackDetected
  } catch {
    // Said below.
  }
  throw new GuardrailError('malformed_answer', 'attackDetected is missing')
}
