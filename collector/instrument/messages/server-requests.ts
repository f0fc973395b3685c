/** Requests that a server sends to its client (legacy era): sampling, elicitation, roots. Told when asked, and when answered. */
import type { AuditContext } from '../audit-context.ts'
import { type Elicitation, tellElicitation, tellElicitationAnswer } from './elicitation.ts'
import { callFields, type Request, type RpcMessage } from './request.ts'
import { tellRoots, tellSampling } from './sampling.ts'

/** Requests open at once on one connection; beyond it the oldest is forgotten, and its answer is not told. */
const MAX_OPEN = 1_000

interface Asked {
  readonly method: string
  readonly cause: Request | undefined
  readonly elicitation: Elicitation | undefined
}
/** Fields of an event that no request of the client caused. */
type Unsolicited = () => object

export class ServerRequests {
  private readonly context: AuditContext
  private readonly unsolicited: Unsolicited
  private readonly open = new Map<string | number, Asked>()

  constructor(context: AuditContext, unsolicited: Unsolicited) {
    this.context = context
    this.unsolicited = unsolicited
  }

  /** A request on its way to the client. `cause`: the client's request in whose course it is sent. */
  asked(id: string | number, method: string, params: unknown, cause: Request | undefined): void {
    let elicitation: Elicitation | undefined
    if (method === 'elicitation/create')
      elicitation = tellElicitation(this.context, this.fields(cause), params, cause?.common)
    else if (method === 'sampling/createMessage')
      tellSampling(this.context, this.fields(cause), params, cause?.common, this.depthOf(cause) + 1)
    else if (method !== 'roots/list') return
    if (this.open.size >= MAX_OPEN) this.open.delete(this.open.keys().next().value!)
    this.open.set(id, { method, cause, elicitation })
  }

  /** An answer of the client. An error is the client's refusal: nothing was filled in, sampled or listed. */
  answered({ id, result }: RpcMessage): void {
    const asked = this.open.get(id as string | number)
    if (asked === undefined) return
    this.open.delete(id as string | number)
    if (result === null || typeof result !== 'object') return
    const { method, cause, elicitation } = asked
    if (method === 'elicitation/create')
      tellElicitationAnswer(this.context, this.fields(cause), elicitation, result, cause?.common)
    else if (method === 'roots/list') tellRoots(this.context, this.fields(cause), result, cause?.common)
  }

  /** The server gives up on a request of its own. */
  cancelled(params: unknown): void {
    const { requestId } = (params ?? {}) as { requestId?: unknown }
    this.open.delete(requestId as string | number)
  }

  private fields(cause: Request | undefined): object {
    return cause === undefined ? this.unsolicited() : callFields(cause)
  }

  private depthOf(cause: Request | undefined): number {
    let depth = 0
    for (const asked of this.open.values())
      if (asked.method === 'sampling/createMessage' && asked.cause === cause) depth++
    return depth
  }
}
