/** What of arguments and results leaves the process: by tool and parameter, and more for a tool under alert (evidence mode). */

/**
 * `drop`: not even its hash. `hash`: path, type, length and keyed hash (the default). `redacted`: the text without secrets and personal
 * data. `value`: the text without secrets, which are never recorded.
 */
export type Capture = 'drop' | 'hash' | 'redacted' | 'value'

export interface CaptureRule {
  /** Name of a tool; `*` stands for any part of a name. Default: every tool. */
  readonly tool?: string
  /** Path as in `query`, `options.cwd`, `files[]`, or `result` for what the tool answers; `*` stands for any part. Default: all arguments. */
  readonly parameter?: string
  readonly capture: Capture
}

/** A tool of which more is kept for a while, because it is under alert. */
interface Evidence {
  readonly capture: 'redacted' | 'value'
  readonly untilMs: number
}

/** Longest evidence mode, whoever asks for it. */
const MAX_EVIDENCE_MS = 24 * 3_600_000
const MAX_TOOLS = 256
const REMEMBERED = 2_048
export const RESULT = 'result'

export class CapturePolicy {
  private readonly rules: readonly { tool: Matcher; parameter: Matcher; capture: Capture }[]
  private readonly evidence = new Map<string, Evidence>()
  private readonly decided = new Map<string, Capture>()

  /** The first rule that fits decides. Throws on a pattern that is no text. */
  constructor(rules: readonly CaptureRule[]) {
    this.rules = rules.map(({ tool = '*', parameter, capture }, index) => {
      if (typeof tool !== 'string' || (parameter !== undefined && typeof parameter !== 'string'))
        throw new TypeError(`instrument: captureRules[${index}]: tool and parameter must be texts`)
      if (!['drop', 'hash', 'redacted', 'value'].includes(capture))
        throw new TypeError(`instrument: captureRules[${index}].capture: must be drop, hash, redacted or value`)
      // Without a parameter the rule is about arguments; a result has to be named.
      return { tool: glob(tool), parameter: parameter === undefined ? isArgument : glob(parameter), capture }
    })
  }

  /** `path`: of an argument, or RESULT. */
  of(tool: string, path: string): Capture {
    const asked = this.rules.length === 0 ? 'hash' : this.decide(tool, path)
    const under = this.evidence.size === 0 ? undefined : this.evidenceOf(tool)
    // Whoever said that something must not leave is not overruled by an alert.
    return under === undefined || asked === 'drop' || asked === 'value' ? asked : under
  }

  /** Whether any text of this tool might be kept: most calls need not look further. */
  get isPlain(): boolean {
    return this.rules.length === 0 && this.evidence.size === 0
  }

  /** Keeps more of a tool until then. `tool` is its exact name; ends by itself after a day at the latest. */
  startEvidence(tool: string, capture: 'redacted' | 'value', durationMs: number, nowMs = Date.now()): void {
    if (this.evidence.size >= MAX_TOOLS) this.evidence.delete(this.evidence.keys().next().value!)
    const lastingMs = Math.min(Math.max(0, durationMs), MAX_EVIDENCE_MS)
    this.evidence.set(tool, { capture, untilMs: nowMs + lastingMs })
  }

  endEvidence(tool: string): void {
    this.evidence.delete(tool)
  }

  /** Any tool is under evidence now. */
  get hasEvidence(): boolean {
    return [...this.evidence.keys()].some((tool) => this.evidenceOf(tool) !== undefined)
  }

  private evidenceOf(tool: string): Evidence['capture'] | undefined {
    const found = this.evidence.get(tool)
    if (found === undefined) return undefined
    if (found.untilMs > Date.now()) return found.capture
    this.evidence.delete(tool)
    return undefined
  }

  private decide(tool: string, path: string): Capture {
    const key = `${tool}\n${path}`
    const known = this.decided.get(key)
    if (known !== undefined) return known
    const rule = this.rules.find((each) => each.tool(tool) && each.parameter(path))
    const capture = rule?.capture ?? 'hash'
    // Names and paths are the caller's words: the memory is emptied rather than let grow.
    if (this.decided.size >= REMEMBERED) this.decided.clear()
    if (key.length <= 512) this.decided.set(key, capture)
    return capture
  }
}

type Matcher = (text: string) => boolean
const isArgument: Matcher = (path) => path !== RESULT

/** `*` matches any run of characters; everything else is itself. Each part is looked for once, from left to right. */
function glob(pattern: string): Matcher {
  const [first, ...rest] = pattern.split('*') as [string, ...string[]]
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const part of rest) {
      at = text.indexOf(part, at)
      if (at < 0) return false
      at += part.length
    }
    return at <= text.length - last.length
  }
}
