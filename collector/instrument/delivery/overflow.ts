/** What a tool call does when events cannot be kept: wait for room, go on, or be refused; by class of tool, and by name. */
import type { Definitions } from '../registry/definitions.ts'

/**
 * `spool`: never wait; events go to the spool when memory is full, and without one they are dropped and counted. `drop`: the same, but
 * never to the spool. `block`: the call waits for room, up to `blockMs`, then goes on. `strict`: the call is refused while audit is not
 * available.
 */
export type OverflowPolicy = 'block' | 'spool' | 'drop' | 'strict'
/** By what a tool says of itself: `destructiveHint: true`, `readOnlyHint: true`, neither. */
export type ToolClass = 'destructive' | 'readOnly' | 'other'
export interface OverflowOptions {
  /** Default `spool`. */
  readonly default?: OverflowPolicy
  readonly classes?: Readonly<Partial<Record<ToolClass, OverflowPolicy>>>
  /** By name, before its class. */
  readonly tools?: Readonly<Record<string, OverflowPolicy>>
  /** Longest wait of a call, ms; 5000. */
  readonly blockMs?: number
  /** `strict`: audit is not available once deliveries have failed for so long, ms; 60000. Infinity: a spool that takes events is enough. */
  readonly failingMs?: number
}

/** JSON-RPC code of a refused call: -32020 to -32099 belong to the specification, -32000 and -32001 to the SDKs. */
export const AUDIT_UNAVAILABLE = -32010

const CLASSES: readonly ToolClass[] = ['destructive', 'readOnly', 'other']
/** From careless to careful. */
const POLICIES: readonly OverflowPolicy[] = ['drop', 'spool', 'block', 'strict']
const BLOCK_MS = 5_000
const FAILING_MS = 60_000

export class Overflow {
  readonly blockMs: number
  readonly failingMs: number
  /** Some tools wait or are refused, or their class decides what is kept: calls are looked at before the server gets them. */
  readonly hasGate: boolean
  readonly mayRefuse: boolean
  private readonly hasDrops: boolean
  private readonly byClass: Readonly<Record<ToolClass, OverflowPolicy>>
  private readonly byName: ReadonlyMap<string, OverflowPolicy>
  /** Of a tool whose class is not known yet. */
  private readonly unknown: OverflowPolicy
  private classes: ReadonlyMap<string, ToolClass> = new Map()
  private readFrom: Definitions | undefined

  constructor(settings: OverflowPolicy | OverflowOptions) {
    const options = typeof settings === 'string' ? { default: settings } : settings
    const fallback = options.default ?? 'spool'
    const of = (name: ToolClass): OverflowPolicy => options.classes?.[name] ?? fallback
    this.byClass = { destructive: of('destructive'), readOnly: of('readOnly'), other: of('other') }
    this.byName = new Map(Object.entries(options.tools ?? {}))
    const all = [...CLASSES.map(of), ...this.byName.values()]
    const stranger = all.find((policy) => !POLICIES.includes(policy))
    if (stranger !== undefined)
      throw new RangeError(`instrument: overflow: ${stranger} is none of ${POLICIES.join(', ')}`)
    this.hasDrops = all.includes('drop')
    this.mayRefuse = all.includes('strict')
    const byClass = new Set(CLASSES.map(of))
    const isByClass = byClass.has('drop') && byClass.size > 1
    this.hasGate = isByClass || all.some((policy) => policy === 'block' || policy === 'strict')
    // Until the registry has answered, the most careful of the classes.
    this.unknown = POLICIES.findLast((policy) => CLASSES.some((name) => of(name) === policy)) ?? fallback
    this.blockMs = options.blockMs ?? BLOCK_MS
    this.failingMs = options.failingMs ?? FAILING_MS
  }

  /** `definitions`: those in force, undefined when nobody knows them. */
  policyOf(tool: string, definitions: Definitions | undefined): OverflowPolicy {
    const named = this.byName.get(tool)
    if (named !== undefined) return named
    if (definitions !== undefined && definitions !== this.readFrom) {
      this.readFrom = definitions
      this.classes = new Map(definitions.definitions.map(({ name, annotations }) => [name, classOf(annotations)]))
    }
    // A name that no tool has is answered with an error: nothing is done under it.
    if (this.readFrom === undefined) return this.unknown
    return this.byClass[this.classes.get(tool) ?? 'other']
  }

  /** Whether an event of this tool is dropped rather than written to disk. */
  isExpendable(tool: unknown): boolean {
    return this.hasDrops && typeof tool === 'string' && this.policyOf(tool, undefined) === 'drop'
  }
}

/** `strict`, or `destructive=strict,readOnly=drop,default=spool`; undefined when it says neither. */
export function overflowOf(text: string): OverflowPolicy | OverflowOptions | undefined {
  const isPolicy = (word: string | undefined): word is OverflowPolicy => POLICIES.includes(word as OverflowPolicy)
  if (isPolicy(text)) return text
  const classes: Partial<Record<ToolClass, OverflowPolicy>> = {}
  let fallback: OverflowPolicy | undefined
  for (const part of text.split(',')) {
    const [name, policy] = part.split('=').map((word) => word.trim())
    if (!isPolicy(policy)) return undefined
    if (name === 'default') fallback = policy
    else if (CLASSES.includes(name as ToolClass)) classes[name as ToolClass] = policy
    else return undefined
  }
  return { classes, ...(fallback && { default: fallback }) }
}

const classOf = (annotations: readonly string[] | undefined): ToolClass =>
  annotations?.includes('destructiveHint=true')
    ? 'destructive'
    : annotations?.includes('readOnlyHint=true')
      ? 'readOnly'
      : 'other'
