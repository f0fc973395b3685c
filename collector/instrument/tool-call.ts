/** Events of one tools/call: the call, its result, and the rounds of a multi-round-trip call. */
import { LIMITS } from '../../schemas/field.ts'
import type { AuditContext, Round } from './audit-context.ts'
import { elapsedMs, instantNow } from './clock.ts'
import { tellElicitation } from './elicitation.ts'
import { nameOf, namesOf, trustedName } from './names.ts'
import type { ServerRegistry } from './registry.ts'
import type { Outcome, Request } from './request.ts'
import { argumentShape, type ResultShape, resultShape } from './shape.ts'

/** tool.call, at the start. Arguments are read before the handler can change them; the fingerprint may come a moment later. */
export function tellCall(context: AuditContext, registry: ServerRegistry, request: Request): void {
  const { params, own, common, started } = request
  const claimedName = typeof params.name === 'string' ? params.name : ''
  const shape = shapeOf(context, () => argumentShape(params.arguments, context.hashes, context.declared(claimedName)))
  if (shape.fingerprints !== undefined) request.presented = shape.fingerprints
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
        requestUid: own.requestUid,
        jsonrpcIdHash: own.jsonrpcIdHash,
        traceId: own.traceId,
        spanId: own.spanId,
        traceClientSupplied: own.traceClientSupplied,
        logicalCallId: request.logicalCallId,
        toolName: request.toolName,
        definitionHash: hash,
        args: shape.args,
        argsHmac: shape.argsHmac,
        argsBytes: shape.argsBytes,
        argHandles: listOf(shape.argHandles),
        unscannedBytes: shape.argsBytes,
        round: request.round ?? 1,
        stateFp: state,
        flags: shape.bounded ? BOUNDED : undefined,
      },
      started,
      common,
    )
    if (isRetry) tellRetry(context, request, state, retried)
  })
}

/** Lists that nothing is in are left out. */
const listOf = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length ? list : undefined)
const BOUNDED = ['content_bounded']

/**
 * In one process a value may be anything: a BigInt, a getter or toJSON that throws. The call is told all the same, and that its
 * content was not read.
 */
function shapeOf<S extends { readonly bounded: boolean }>(context: AuditContext, read: () => S): Partial<S> {
  if (context.captureLevel === 'minimal') return {}
  try {
    return read()
  } catch {
    context.errors++
    return { bounded: true } as Partial<S>
  }
}

/** A time in ms that a server states, as far as an event may carry it. */
const statedMs = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= LIMITS.integer ? value : undefined

/** The request of an earlier round again, with what the server asked for. */
function tellRetry(
  context: AuditContext,
  request: Request,
  stateFp: string | undefined,
  retried: Round | undefined,
): void {
  const fields = {
    eventType: 'mrtr.retry' as const,
    ...request.own,
    logicalCallId: request.logicalCallId,
    toolName: request.toolName,
    stateFp,
    integrity: stateFp === undefined ? 'none' : 'unknown',
    ageMs: retried === undefined ? undefined : elapsedMs(retried.handedOut, request.started),
    uses: retried?.uses,
  }
  context.emit(fields, undefined, request.common)
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
  const shape: Partial<ResultShape> =
    result === undefined
      ? {}
      : shapeOf(context, () => resultShape(result, context.hashes, request.presented, context.declared(claimedName)))
  const resultType = resultTypeOf(result)
  const taskFp = taskFpOf(context, result)
  const isError = result === undefined ? undefined : result['isError'] === true
  registry.whenKnown(() => {
    const { own } = request
    context.emit(
      {
        eventType: 'tool.result',
        requestUid: own.requestUid,
        jsonrpcIdHash: own.jsonrpcIdHash,
        traceId: own.traceId,
        spanId: own.spanId,
        traceClientSupplied: own.traceClientSupplied,
        logicalCallId: request.logicalCallId,
        toolName: request.toolName,
        definitionHash: request.definitionHash,
        outcome,
        errorCode: ending.errorCode,
        durationMs: elapsedMs(request.started, time),
        resultType,
        isError,
        bytes: shape.bytes,
        parts: shape.parts,
        contentTypes: shape.contentTypes,
        urlDomains: listOf(shape.urlDomains),
        contentHmac: shape.contentHmac,
        mintedHandles: listOf(shape.mintedHandles),
        unscannedBytes: shape.bytes,
        round: request.round ?? 1,
        taskFp,
        flags: shape.bounded ? BOUNDED : undefined,
      },
      time,
      request.common,
    )
    if (taskFp !== undefined) tellTask(context, request, result, taskFp)
    if (resultType === 'input_required' && result !== undefined) tellInputRequired(context, request, result)
  })
}

/** What the events about one call have in common beyond the caller. */
const callFields = ({ own, logicalCallId, toolName, definitionHash }: Request) => ({
  ...own,
  logicalCallId,
  toolName,
  definitionHash,
})

function resultTypeOf(result: Ending['result']): string {
  if (result === undefined) return 'error'
  if (result['resultType'] === 'input_required') return 'input_required'
  return result['task'] !== undefined && result['content'] === undefined ? 'task' : 'complete'
}

function taskFpOf(context: AuditContext, result: Ending['result']): string | undefined {
  const task = result?.['task'] as { taskId?: unknown } | null | undefined
  return typeof task?.taskId === 'string' ? context.hashes.handles.hash(task.taskId) : undefined
}

function tellTask(context: AuditContext, request: Request, result: Ending['result'], taskFp: string): void {
  const { ttl, pollInterval } = (result?.['task'] ?? {}) as { ttl?: unknown; pollInterval?: unknown }
  const fields = {
    eventType: 'task.created' as const,
    ...callFields(request),
    taskFp,
    ttlMs: statedMs(ttl),
    pollIntervalMs: statedMs(pollInterval),
  }
  context.emit(fields, undefined, request.common)
}

/** The server asks back instead of answering: the same request will come again with what it asked for, under a new JSON-RPC id. */
function tellInputRequired(context: AuditContext, request: Request, result: Readonly<Record<string, unknown>>): void {
  const state = result['requestState']
  const stateFp = typeof state === 'string' ? context.hashes.handles.hash(state) : undefined
  if (stateFp !== undefined) context.remember(stateFp, request.logicalCallId, request.round ?? 1)
  const asked = Object.values((result['inputRequests'] ?? {}) as Record<string, { method?: unknown; params?: unknown }>)
  const kinds = asked.map(({ method }) => (typeof method === 'string' ? method.split('/')[0]! : 'other'))
  const fields = {
    eventType: 'mrtr.input_required' as const,
    ...callFields(request),
    requestKinds: namesOf([...new Set(kinds)]),
    stateFp,
    integrity: stateFp === undefined ? 'none' : context.options.posture?.requestStateProtected ? 'sealed' : 'unknown',
  }
  context.emit(fields, undefined, request.common)
  for (const { method, params } of asked.slice(0, 32))
    if (method === 'elicitation/create') tellElicitation(context, callFields(request), params, request.common)
}
