/** Events of one tools/call: the call, its result, and the rounds of a multi-round-trip call. */
import type { AuditContext } from './audit-context.ts'
import { elapsedMs, instantNow } from './clock.ts'
import { tellElicitation } from './elicitation.ts'
import { nameOf, namesOf, trustedName } from './names.ts'
import type { ServerRegistry } from './registry.ts'
import type { Outcome, Request } from './request.ts'
import { argumentShape, resultShape } from './shape.ts'

/** tool.call, at the start. Arguments are read before the handler can change them; the fingerprint may come a moment later. */
export function tellCall(context: AuditContext, registry: ServerRegistry, request: Request): void {
  const { params, envelope, started } = request
  const claimedName = typeof params.name === 'string' ? params.name : ''
  const shape =
    context.captureLevel === 'minimal'
      ? undefined
      : argumentShape(params.arguments, context.hashes, context.declared(claimedName))
  if (shape !== undefined) request.presented = shape.fingerprints
  const state = typeof params.requestState === 'string' ? context.hashes.handles.hash(params.requestState) : undefined
  const isRetry = state !== undefined || params.inputResponses !== undefined
  const retried = state === undefined ? undefined : context.rounds.get(state)
  if (isRetry) {
    // Another process may have handed the state out: then its keyed hash joins the rounds.
    request.logicalCallId = retried?.logicalCallId ?? state ?? request.requestUid
    request.round = (retried?.round ?? 1) + 1
    if (retried !== undefined) retried.uses++
  }
  registry.whenKnown(() => {
    const hash = registry.definitions?.hashes.get(claimedName)
    request.definitionHash = hash
    // A registered name is the server's own; any other is the caller's words.
    request.toolName = hash === undefined ? nameOf(params.name) : trustedName(claimedName)
    context.emit(
      {
        eventType: 'tool.call',
        ...envelope,
        logicalCallId: request.logicalCallId,
        toolName: request.toolName,
        definitionHash: hash,
        args: shape?.args,
        argsHmac: shape?.argsHmac,
        argsBytes: shape?.argsBytes,
        argHandles: shape === undefined || shape.argHandles.length === 0 ? undefined : shape.argHandles,
        unscannedBytes: shape?.argsBytes,
        round: request.round ?? 1,
        stateFp: state,
        flags: shape?.bounded ? ['content_bounded'] : undefined,
      },
      started,
    )
    if (!isRetry) return
    context.emit({
      eventType: 'mrtr.retry',
      ...envelope,
      logicalCallId: request.logicalCallId,
      toolName: request.toolName,
      stateFp: state,
      integrity: state === undefined ? 'none' : 'unknown',
      ageMs: retried === undefined ? undefined : elapsedMs(retried.handedOut, started),
      uses: retried?.uses,
    })
  })
}

/** How a call ended, in the words of the protocol. */
export interface Ending {
  readonly outcome: Outcome
  /** JSON-RPC code as text, or why there was no answer. */
  readonly errorCode: string | undefined
  readonly result: Readonly<Record<string, unknown>> | undefined
}

/** tool.result, once, whatever the ending. */
export function tellResult(context: AuditContext, registry: ServerRegistry, request: Request, ending: Ending): void {
  const { result, outcome } = ending
  const time = instantNow()
  const claimedName = typeof request.params.name === 'string' ? request.params.name : ''
  const shape =
    result === undefined || context.captureLevel === 'minimal'
      ? undefined
      : resultShape(result, context.hashes, request.presented, context.declared(claimedName))
  const resultType = resultTypeOf(result)
  const taskFp = taskFpOf(context, result)
  const isError = result === undefined ? undefined : result['isError'] === true
  registry.whenKnown(() => {
    const common = {
      ...request.envelope,
      logicalCallId: request.logicalCallId,
      toolName: request.toolName,
      definitionHash: request.definitionHash,
    }
    context.emit(
      {
        eventType: 'tool.result',
        ...common,
        outcome,
        errorCode: ending.errorCode,
        durationMs: elapsedMs(request.started, time),
        resultType,
        isError,
        bytes: shape?.bytes,
        parts: shape?.parts,
        contentTypes: shape?.contentTypes,
        urlDomains: shape === undefined || shape.urlDomains.length === 0 ? undefined : shape.urlDomains,
        contentHmac: shape?.contentHmac,
        mintedHandles: shape === undefined || shape.mintedHandles.length === 0 ? undefined : shape.mintedHandles,
        unscannedBytes: shape?.bytes,
        round: request.round ?? 1,
        taskFp,
        flags: shape?.bounded ? ['content_bounded'] : undefined,
      },
      time,
    )
    if (taskFp !== undefined) tellTask(context, common, result, taskFp)
    if (resultType === 'input_required' && result !== undefined) tellInputRequired(context, request, common, result)
  })
}

function resultTypeOf(result: Ending['result']): string {
  if (result === undefined) return 'error'
  if (result['resultType'] === 'input_required') return 'input_required'
  return result['task'] !== undefined && result['content'] === undefined ? 'task' : 'complete'
}

function taskFpOf(context: AuditContext, result: Ending['result']): string | undefined {
  const task = result?.['task'] as { taskId?: unknown } | null | undefined
  return typeof task?.taskId === 'string' ? context.hashes.handles.hash(task.taskId) : undefined
}

function tellTask(context: AuditContext, common: object, result: Ending['result'], taskFp: string): void {
  const { ttl, pollInterval } = (result?.['task'] ?? {}) as { ttl?: unknown; pollInterval?: unknown }
  context.emit({
    eventType: 'task.created',
    ...common,
    taskFp,
    ttlMs: typeof ttl === 'number' && ttl >= 0 ? ttl : undefined,
    pollIntervalMs: typeof pollInterval === 'number' && pollInterval >= 0 ? pollInterval : undefined,
  })
}

/** The server asks back instead of answering: the same request will come again with what it asked for, under a new JSON-RPC id. */
function tellInputRequired(
  context: AuditContext,
  request: Request,
  common: object,
  result: Readonly<Record<string, unknown>>,
): void {
  const state = result['requestState']
  const stateFp = typeof state === 'string' ? context.hashes.handles.hash(state) : undefined
  if (stateFp !== undefined) context.remember(stateFp, request.logicalCallId, request.round ?? 1)
  const asked = Object.values((result['inputRequests'] ?? {}) as Record<string, { method?: unknown; params?: unknown }>)
  const kinds = asked.map(({ method }) => (typeof method === 'string' ? method.split('/')[0]! : 'other'))
  context.emit({
    eventType: 'mrtr.input_required',
    ...common,
    requestKinds: namesOf([...new Set(kinds)]),
    stateFp,
    integrity: stateFp === undefined ? 'none' : context.options.posture?.requestStateProtected ? 'sealed' : 'unknown',
  })
  for (const { method, params } of asked.slice(0, 32))
    if (method === 'elicitation/create') tellElicitation(context, common, params)
}
