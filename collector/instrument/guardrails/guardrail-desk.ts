/** Asks a guardrail beside the call: bounded, cached, budgeted. What it says, and that it did not say anything, are events. */
import { outsideCalls } from '../messages/call-in-flight.ts'
import { type Guardrail, GuardrailError, type GuardrailTarget } from './guardrail.ts'

export interface GuardrailLimits {
  /** Questions a minute; 60. What comes beyond is told as skipped. */
  readonly perMinute?: number
  /** Questions under way at once; 4. */
  readonly concurrency?: number
  /** Questions waiting; 64. */
  readonly maxWaiting?: number
  /** Longest wait for a verdict; 5000. */
  readonly timeoutMs?: number
  /** Verdicts kept by the keyed hash of the text; 1024. */
  readonly cached?: number
}

/** Fields of a guardrail.result beyond those of the call. */
export interface GuardrailResult {
  readonly provider: string
  readonly targetType: GuardrailTarget
  readonly verdict: 'benign' | 'attack' | 'error' | 'skipped'
  readonly action: 'none' | 'labelled'
  readonly error: string | undefined
  readonly latencyMs: number
  readonly chunks: number
  readonly cached: boolean
  /** Characters that no provider saw. */
  readonly unsentCharacters: number
}

interface Question {
  readonly target: GuardrailTarget
  readonly text: string
  readonly key: string
  readonly answers: ((result: GuardrailResult) => void)[]
}

const MINUTE_MS = 60_000

export class GuardrailDesk {
  private readonly guardrail: Guardrail
  private readonly hashes: { hash(text: string): string }
  private readonly limits: Required<GuardrailLimits>
  private readonly verdicts = new Map<string, boolean>()
  private readonly waiting: Question[] = []
  /** Questions asked and waiting, by key: the same text is asked once. */
  private readonly open = new Map<string, Question>()
  private underWay = 0
  private windowStartMs = Number.NEGATIVE_INFINITY
  private askedInWindow = 0
  private pausedUntilMs = Number.NEGATIVE_INFINITY
  private readonly idle: (() => void)[] = []

  constructor(guardrail: Guardrail, hashes: { hash(text: string): string }, limits: GuardrailLimits = {}) {
    this.guardrail = guardrail
    this.hashes = hashes
    this.limits = { perMinute: 60, concurrency: 4, maxWaiting: 64, timeoutMs: 5_000, cached: 1_024, ...limits }
  }

  /** Returns at once; `answer` is called once, with the verdict or with why there is none. */
  ask(target: GuardrailTarget, text: string, answer: (result: GuardrailResult) => void): void {
    const key = this.hashes.hash(`${target}\n${text}`)
    const known = this.verdicts.get(key)
    if (known !== undefined) {
      answer(this.result(target, { verdict: known ? 'attack' : 'benign', cached: true }))
      return
    }
    const same = this.open.get(key)
    if (same !== undefined) {
      same.answers.push(answer)
      return
    }
    const reason = this.refusal()
    if (reason !== undefined) {
      answer(this.result(target, { verdict: 'skipped', error: reason, unsentCharacters: text.length }))
      return
    }
    this.askedInWindow++
    const question: Question = { target, text, key, answers: [answer] }
    this.open.set(key, question)
    this.waiting.push(question)
    this.next()
  }

  /** Resolves when nothing is under way or waiting, or after so many milliseconds. */
  settled(timeoutMs = 5_000): Promise<void> {
    if (this.open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.idle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  private refusal(): string | undefined {
    const nowMs = performance.now()
    if (nowMs < this.pausedUntilMs) return 'rate_limited'
    if (this.waiting.length >= this.limits.maxWaiting) return 'too_many_waiting'
    if (nowMs - this.windowStartMs >= MINUTE_MS) {
      this.windowStartMs = nowMs
      this.askedInWindow = 0
    }
    return this.askedInWindow >= this.limits.perMinute ? 'budget' : undefined
  }

  private next(): void {
    while (this.underWay < this.limits.concurrency) {
      const question = this.waiting.shift()
      if (question === undefined) return
      this.underWay++
      void this.judge(question).then((result) => {
        this.underWay--
        this.open.delete(question.key)
        for (const answer of question.answers)
          try {
            answer(result)
          } catch {
            // Whoever asked is at fault; the others still get their answer.
          }
        this.next()
        if (this.open.size === 0) for (const resolve of this.idle.splice(0)) resolve()
      })
    }
  }

  private async judge({ target, text, key }: Question): Promise<GuardrailResult> {
    const startedMs = performance.now()
    const abort = new AbortController()
    // Not AbortSignal.timeout: its timer may be collected with the signal on Node 20.
    const timer = setTimeout(() => abort.abort(), this.limits.timeoutMs).unref()
    const latencyMs = () => performance.now() - startedMs
    try {
      const { attack, chunks, unsentCharacters } = await outsideCalls(() =>
        this.guardrail.check(target, text, abort.signal),
      )
      if (unsentCharacters === 0 || attack) this.keep(key, attack)
      return this.result(target, {
        verdict: attack ? 'attack' : 'benign',
        chunks,
        unsentCharacters,
        latencyMs: latencyMs(),
      })
    } catch (error) {
      const known = error instanceof GuardrailError ? error : undefined
      if (known?.afterMs !== undefined) this.pausedUntilMs = performance.now() + known.afterMs
      const reason = known?.code ?? 'failed'
      return this.result(target, {
        verdict: 'error',
        error: reason,
        unsentCharacters: text.length,
        latencyMs: latencyMs(),
      })
    } finally {
      clearTimeout(timer)
    }
  }

  private keep(key: string, attack: boolean): void {
    if (this.limits.cached === 0) return
    if (this.verdicts.size >= this.limits.cached) this.verdicts.delete(this.verdicts.keys().next().value!)
    this.verdicts.set(key, attack)
  }

  private result(
    targetType: GuardrailTarget,
    { verdict, ...rest }: Pick<GuardrailResult, 'verdict'> & Partial<GuardrailResult>,
  ): GuardrailResult {
    const action = verdict === 'attack' ? 'labelled' : 'none'
    const empty = { error: undefined, latencyMs: 0, chunks: 0, cached: false, unsentCharacters: 0 }
    return { provider: this.guardrail.name, targetType, verdict, action, ...empty, ...rest }
  }
}
