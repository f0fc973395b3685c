/** notification.sent: which notifications of a server are told, and what besides them. */
import type { AuditContext } from '../audit-context.ts'
import { tellElicitationDone } from './elicitation.ts'
import type { Request, RpcMessage } from './request.ts'
import { taskFpOf, tellTaskState } from './tasks.ts'

/** Those that change what a client believes. Progress, log messages and cancellations are the course of a call, and are not. */
const CHANGES = [
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
]
const TOLD: ReadonlySet<unknown> = new Set([
  ...CHANGES,
  'notifications/tasks/status',
  'notifications/tasks',
  'notifications/elicitation/complete',
])
/** One that goes, in the modern era, only to those who subscribed. */
export const isChange = ({ method }: RpcMessage): boolean => (CHANGES as unknown[]).includes(method)
export const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'

/** The subscription that a notification answers: its id, or of the legacy era, which has none, the resource. */
function subscriptionOf(context: AuditContext, params: unknown): string | undefined {
  const { _meta, uri } = (params ?? {}) as { _meta?: Readonly<Record<string, unknown>> | null; uri?: unknown }
  const id = _meta?.[SUBSCRIPTION_ID]
  if (typeof id === 'string' || typeof id === 'number') return subscriptionFp(context, id)
  return typeof uri === 'string' ? context.hashes.arguments.hash(`s${uri}`) : undefined
}
/** A subscription is named by the JSON-RPC id of its request: hashed as that id is. */
export const subscriptionFp = (context: AuditContext, id: string | number): string =>
  context.hashes.handles.hash(typeof id === 'string' ? `s${id}` : `n${id}`)

/** `own`: fields of the connection it is sent on. `cause`: the request in whose course the server sends it, when that is known. */
export function tellNotification(
  context: AuditContext,
  own: object,
  { method, params }: RpcMessage,
  cause: Request | undefined,
): void {
  if (typeof method !== 'string' || !TOLD.has(method)) return
  context.emit({
    eventType: 'notification.sent',
    ...own,
    notification: method,
    subscriptionIdHash: subscriptionOf(context, params),
    causeRequestUid: cause?.requestUid,
    producerPrincipal: cause?.identity.principalKey,
  })
  if (method.startsWith('notifications/tasks')) {
    const { taskId, status } = (params ?? {}) as { taskId?: unknown; status?: unknown }
    const taskFp = taskFpOf(context, taskId)
    if (taskFp !== undefined) tellTaskState(context, own, taskFp, status, undefined)
  } else if (method === 'notifications/elicitation/complete') tellElicitationDone(context, own, params, undefined)
}
