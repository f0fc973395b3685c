/** A check of `doctor`: what must hold, and how to mend it. Every file of this folder but this one is a check. */
import type { Config } from '../../schemas/config.ts'

export interface CheckContext {
  readonly settings: Config
  readonly dataDir: string
}
export interface Verdict {
  readonly ok: boolean
  /** What was seen. */
  readonly saw: string
  /** How to mend it, when it is not ok. */
  readonly mend?: string
  /** Not needed for this set-up: shown, never counted as a failure. */
  readonly optional?: boolean
}
export interface Check {
  readonly name: string
  readonly run: (context: CheckContext) => Promise<Verdict>
}
