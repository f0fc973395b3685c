/** Events of tasks in both eras: the experimental ones of 2025-11-25 and the extension of 2026-07-28 (SEP-2663). */
import type { AuditContext } from '../audit-context.ts'
import { nameOf } from '../names.ts'
import { callFields, type Ending, type Request } from './request.ts'
import { statedMs } from './stated.ts'

type Json = Readonly<Record<string, unknown>>
type Common = Json | undefined

/** What is remembered of a task: the call whose result it will be. */
export interface TaskOrigin {
  readonly requestUid: string
  readonly logicalCallId: string
  readonly toolName: string | undefined
  readonly definitionHash: string | undefined
  /** Its result was told as that of the call. */
  isTold: boolean
}
const KEPT_TASKS = 4_096

/** The task that a result hands out: in `task` (legacy), or the result itself with resultType `task`. */
export function createdTask(result: Json | undefined): Json | undefined {
  if (result === undefined) return undefined
  const { task } = result
  if (task !== null && typeof task === 'object' && typeof (task as Json)['taskId'] === 'string') return task as Json
  return result['resultType'] === 'task' && typeof result['taskId'] === 'string' ? result : undefined
}
/** The call that made a task, also when its hash was made before a switch of keys. */
export function taskOrigin({ tasks, keyRing }: AuditContext, taskFp: string): TaskOrigin | undefined {
  const former = tasks.has(taskFp) ? taskFp : keyRing.formerOf(taskFp).find((hash) => tasks.has(hash))
  return former === undefined ? undefined : tasks.get(former)
}
export const taskFpOf = (context: AuditContext, taskId: unknown): string | undefined =>
  typeof taskId === 'string' ? context.hashes.handles.hash(taskId) : undefined

export function tellTaskCreated(context: AuditContext, request: Request, task: Json, taskFp: string): void {
  const { requestUid, logicalCallId, toolName, definitionHash } = request
  const { tasks } = context
  if (tasks.size >= KEPT_TASKS) tasks.delete(tasks.keys().next().value!)
  tasks.set(taskFp, { requestUid, logicalCallId, toolName, definitionHash, isTold: false })
  const fields = {
    eventType: 'task.created' as const,
    ...callFields(request),
    taskFp,
    ...(typeof task['taskId'] === 'string' && context.taskIds.seen(task['taskId'], taskFp)),
    ttlMs: statedMs(task['ttlMs'] ?? task['ttl']),
    pollIntervalMs: statedMs(task['pollIntervalMs'] ?? task['pollInterval']),
  }
  context.emit(fields, undefined, request.common)
}

const OPERATIONS: Json = {
  'tasks/get': 'get',
  'tasks/result': 'result',
  'tasks/cancel': 'cancel',
  'tasks/list': 'list',
  'tasks/update': 'update',
}
const TERMINAL = new Set(['completed', 'failed', 'cancelled'])

/** task.accessed, refused ones too (who guesses ids is refused), and task.ended when the answer says so. */
export function tellTaskAccess(context: AuditContext, request: Request, { outcome, errorCode, result }: Ending): void {
  const { method, own, common } = request
  const op = Object.hasOwn(OPERATIONS, method) ? OPERATIONS[method] : undefined
  if (op === undefined) return
  const taskFp = taskFpOf(context, (request.params as Json)['taskId'])
  // The extension has no tasks/result: the answer of tasks/get carries it.
  const isHandedOut = result !== undefined && (op === 'result' || (op === 'get' && result['result'] !== undefined))
  const origin = taskFp === undefined ? undefined : taskOrigin(context, taskFp)
  context.emit(
    {
      eventType: 'task.accessed' as const,
      ...own,
      outcome,
      errorCode,
      toolName: origin?.toolName,
      definitionHash: origin?.definitionHash,
      taskFp,
      op,
      resultReturned: isHandedOut,
    },
    undefined,
    common,
  )
  if (taskFp === undefined || result === undefined || op === 'list') return
  // A result is there when the task is over; whether it failed stands in the result.
  const state = op === 'result' ? (result['isError'] === true ? 'failed' : 'completed') : result['status']
  tellTaskState(context, own, taskFp, state, common)
}

/** task.ended, once for each task, when a state is a last one. */
export function tellTaskState(
  context: AuditContext,
  own: object,
  taskFp: string,
  state: unknown,
  common: Common,
): void {
  if (typeof state !== 'string' || !TERMINAL.has(state) || !context.endedTasks.add(taskFp)) return
  const origin = taskOrigin(context, taskFp)
  const fields = {
    eventType: 'task.ended' as const,
    ...own,
    toolName: origin?.toolName,
    definitionHash: origin?.definitionHash,
    taskFp,
    state: nameOf(state),
  }
  context.emit(fields, undefined, common)
}
