/** Back pressure in the tool path: tools/call of some tools waits for room in the queue, or is refused while audit is not available. */
import { AsyncResource } from 'node:async_hooks'
import { performance } from 'node:perf_hooks'
import type { AuditContext } from '../audit-context.ts'
import type { MessageExtra, RpcMessage, RpcParams } from '../messages/request.ts'
import { nameOf } from '../names.ts'
import type { Definitions } from '../registry/definitions.ts'
import { AUDIT_UNAVAILABLE } from './overflow.ts'

type Deliver = (message: RpcMessage, extra?: MessageExtra) => unknown
export interface GateParts {
  readonly context: AuditContext
  readonly definitions: () => Definitions | undefined
  /** Hands a message to the server. */
  readonly deliver: Deliver
  /** Records a request that the server never sees, and answers it. */
  readonly refuse: (message: RpcMessage, extra: MessageExtra | undefined, error: RefusedCall) => void
  /** The server threw at a message that had waited: whoever would have caught it is gone. */
  readonly failed: (error: unknown) => void
}
export interface RefusedCall {
  readonly code: number
  readonly message: string
}

/** Why audit is missing is nobody's business outside. */
const REFUSAL = {
  code: AUDIT_UNAVAILABLE,
  message: 'The audit trail is not available; this tool is refused until it is.',
} as const
/** Messages held behind a waiting call at most: beyond it nothing waits any more. */
const MAX_HELD = 1_000

/** What to put in the place of onmessage: `deliver` itself where no tool waits. */
export function gated(parts: GateParts): Deliver {
  const { context, deliver } = parts
  const { overflow } = context
  return overflow === undefined || !overflow.hasGate ? deliver : new CallGate(parts).received
}

interface Held {
  readonly message: RpcMessage
  readonly run: () => unknown
  readonly untilMs: number
}

class CallGate {
  private readonly parts: GateParts
  /** Messages behind a call that waits, in their order: a cancellation must not overtake its call. */
  private readonly held: Held[] = []
  private told = ''

  constructor(parts: GateParts) {
    this.parts = parts
  }

  /** Synchronous as long as nothing waits, so that errors and contexts are what they would be without us. */
  readonly received = (message: RpcMessage, extra?: MessageExtra): unknown => {
    const { sink, overflow } = this.parts.context
    // In the caller's asynchronous context, whenever it runs.
    const hold = (): number =>
      this.held.push({
        message,
        run: AsyncResource.bind(() => this.pass(message, extra)),
        untilMs: performance.now() + overflow!.blockMs,
      })
    if (this.held.length > 0) return void hold()
    if (this.policyOf(message) !== 'block' || sink.room?.(0) === undefined) return this.pass(message, extra)
    hold()
    void this.drain()
    return undefined
  }

  private policyOf({ method, id, params }: RpcMessage): string | undefined {
    if (method !== 'tools/call' || id === undefined || id === null) return undefined
    const { name } = (params ?? {}) as RpcParams
    return this.parts.context.overflow!.policyOf(typeof name === 'string' ? name : '', this.parts.definitions())
  }

  private async drain(): Promise<void> {
    const { sink } = this.parts.context
    for (let next = this.held[0]; next !== undefined; next = this.held[0]) {
      if (this.policyOf(next.message) === 'block') {
        const leftMs = this.held.length > MAX_HELD ? 0 : next.untilMs - performance.now()
        if (leftMs > 0) await sink.room?.(leftMs)
      }
      this.held.shift()
      try {
        next.run()
      } catch (error) {
        this.parts.failed(error)
      }
    }
  }

  private pass(message: RpcMessage, extra: MessageExtra | undefined): unknown {
    const { context, deliver, refuse } = this.parts
    const reason =
      this.policyOf(message) === 'strict' ? context.sink.unavailable?.(context.overflow!.failingMs) : undefined
    if (reason === undefined) return deliver(message, extra)
    context.guard(() => this.tell(reason, message))
    refuse(message, extra, REFUSAL)
    return undefined
  }

  /** Once for each reason: every refused call is told by itself, with its code. */
  private tell(reason: string, { params }: RpcMessage): void {
    if (reason === this.told) return
    this.told = reason
    const tool = nameOf((params as RpcParams | undefined)?.name)
    this.parts.context.emit({
      eventType: 'auditd.error',
      component: 'instrument.strict',
      code: 'bus_unavailable',
      toolName: tool,
      message: `instrument.strict: overflow: calls are refused, because ${reason}`,
    })
  }
}
