/** What the matchers report: an act, how strong it is, and the tokens it stands in. */
import type { Subject } from '../../classifier.ts'
import type { Sentence } from './sentence.ts'

export type Kind =
  | 'override'
  | 'role_marker'
  | 'conceal'
  | 'secret_path'
  | 'cross_tool'
  | 'recipient'
  | 'priority'
  | 'parameter_smuggle'
  | 'persona'
  | 'prompt_leak'
  | 'memory'
  | 'consent'
  | 'command'
  | 'answer'
  | 'task'

/** Reports an act. `score` is what it weighs on its own; tokens `from` to `to` inclusive, in any order. */
export type Report = (kind: Kind, score: number, from: number, to: number) => void

/** Looks for the acts of one kind in a sentence. Called once per sentence, so the first thing it does is look at the sums. */
export type Matcher = (sentence: Sentence, subject: Subject, report: Report) => void
