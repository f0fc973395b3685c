/**
 * An outside judge of content, such as Azure AI Content Safety Prompt Shields. Opt-in, because it sends content out of the process.
 * A provider is one file that answers one question; cache, budget and concurrency stand once, in guardrail-desk.ts.
 */

/** A person's words to the model, or text from elsewhere that the model will read. */
export type GuardrailTarget = 'user_prompt' | 'document'

export interface GuardrailVerdict {
  readonly attack: boolean
  /** Requests it took. */
  readonly chunks: number
  /** Characters that were not sent, because the provider's limits would have meant too many requests. */
  readonly unsentCharacters: number
}

export interface Guardrail {
  readonly name: string
  /** Throws GuardrailError. Must end soon after the signal aborts. */
  check(target: GuardrailTarget, text: string, signal: AbortSignal): Promise<GuardrailVerdict>
}

export type GuardrailFailure =
  | 'timeout'
  | 'rate_limited'
  | 'unauthorized'
  | 'refused'
  | 'unavailable'
  | 'malformed_answer'

/** Why there is no verdict. `afterMs`: the provider asks not to be asked before. */
export class GuardrailError extends Error {
  override readonly name = 'GuardrailError'
  readonly code: GuardrailFailure
  readonly afterMs: number | undefined
  constructor(code: GuardrailFailure, message: string, afterMs?: number) {
    super(message)
    this.code = code
    this.afterMs = afterMs
  }
}
