/** Events of one tools/call: the call, its result, and the rounds of a multi-round-trip call. */
import type { ArgumentLeaf } from '../../../schemas/events/calls.ts'
import type { Scanned } from '../../scan/classifier.ts'
import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, instantNow } from '../clock.ts'
import { capturedArguments, capturedResult } from '../content/captured-texts.ts'
import {
  classifiedLeaves,
  contentFields,
  labelsOf,
  scanContent,
  scanEnding,
  tellFindings,
  unscannedOf,
} from '../content/content-scan.ts'
import { knowledgeOf } from '../content/definition-scan.ts'
import { tellContent } from '../content/guarded-content.ts'
import { nameOf, trustedName } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import type { Ending, Request } from './request.ts'
import { NO_FACTS, resultFacts } from './result-facts.ts'
import { openRetry, tellAnswers, tellInputRequired, tellRetry } from './rounds.ts'
import { argumentShape, type ResultShape, resultShape } from './shape.ts'
import { createdTask, taskFpOf, taskOrigin, tellTaskCreated } from './tasks.ts'

/** tool.call, at the start. Arguments are read before the handler can change them; the fingerprint may come a moment later. */
export function tellCall(context: AuditContext, registry: ServerRegistry, request: Request): void {
  const { params, own, common, started } = request
  const claimedName = typeof params.name === 'string' ? params.name : ''
  const shape = shapeOf(context, () => argumentShape(params.arguments, context.hashes, context.declared(claimedName)))
  if (shape.fingerprints !== undefined) request.presented = shape.fingerprints
  if (shape.bounded !== true) request.argsHmac = shape.argsHmac
  const knowledge = knowledgeOf(registry.definitions, claimedName)
  const scanned = scanContent(context, 'arguments', claimedName, params.arguments, knowledge)
  const args = leavesOf(context, claimedName, params.arguments, shape.args, scanned)
  const retry = openRetry(context, request)
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
        args,
        labels: labelsOf(scanned),
        argsHmac: shape.argsHmac,
        argsBytes: shape.argsBytes,
        argHandles: listOf(shape.argHandles),
        unscannedBytes: unscannedOf(scanned, shape.argsBytes),
        round: request.round ?? 1,
        stateFp: retry?.stateFp,
        flags: shape.bounded ? BOUNDED : undefined,
      },
      started,
      common,
    )
    tellContent(context, 'arguments', claimedName, params.arguments, scanned, request)
    if (retry !== undefined) context.guard(() => tellAnswers(context, request))
  })
}

/** The leaves as they are told: with the classes found in them, and with their text only where a policy says so. */
function leavesOf(
  context: AuditContext,
  toolName: string,
  value: unknown,
  leaves: readonly ArgumentLeaf[] | undefined,
  scanned: Scanned | undefined,
): readonly ArgumentLeaf[] | undefined {
  if (leaves === undefined) return undefined
  const classified = scanned === undefined ? leaves : classifiedLeaves(leaves, scanned)
  return context.policy.isPlain ? classified : capturedArguments(context.policy, toolName, value, classified)
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

/** tool.result, once, whatever the ending. */
export function tellResult(context: AuditContext, registry: ServerRegistry, request: Request, ending: Ending): void {
  const { result, outcome } = ending
  const time = instantNow()
  const claimedName = typeof request.params.name === 'string' ? request.params.name : ''
  const shape: Partial<ResultShape> =
    result === undefined
      ? {}
      : shapeOf(context, () => resultShape(result, context.hashes, request.presented, context.declared(claimedName)))
  const scanned = scanEnding(context, claimedName, ending)
  const labels = labelsOf(scanned)
  const captured = context.policy.isPlain ? undefined : capturedResult(context.policy, claimedName, result)
  const resultType = resultTypeOf(result)
  const task = createdTask(result)
  const taskFp = task === undefined ? undefined : taskFpOf(context, task['taskId'])
  const isError = result === undefined ? undefined : result['isError'] === true
  registry.whenKnown(() => {
    const { own } = request
    const facts = result === undefined ? NO_FACTS : resultFacts(context, registry, claimedName, result)
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
        ...shape.shares,
        labels,
        findings: labels,
        unscannedBytes: unscannedOf(scanned, shape.bytes),
        captured,
        schemaOk: facts.schemaOk,
        dataTags: facts.dataTags,
        rows: facts.rows,
        round: request.round ?? 1,
        taskFp,
        flags: flagsOf(shape.bounded, facts.flag),
      },
      time,
      request.common,
    )
    const surface = result === undefined ? 'error' : 'result'
    tellContent(context, surface, claimedName, result ?? ending.error, scanned, request)
    if (request.retry !== undefined) context.guard(() => tellRetry(context, request, ending))
    if (task !== undefined && taskFp !== undefined) tellTaskCreated(context, request, task, taskFp)
    if (resultType === 'input_required' && result !== undefined)
      context.guard(() => tellInputRequired(context, request, result))
  })
}

const shapeFields = (shape: Partial<ResultShape>) => ({
  bytes: shape.bytes,
  parts: shape.parts,
  contentTypes: shape.contentTypes,
  urlDomains: listOf(shape.urlDomains),
  contentHmac: shape.contentHmac,
  mintedHandles: listOf(shape.mintedHandles),
  ...shape.shares,
})
const flagsOf = (bounded: boolean | undefined, flag: string | undefined): readonly string[] | undefined =>
  flag === undefined ? (bounded ? BOUNDED : undefined) : bounded ? [...BOUNDED, flag] : [flag]

/** The result behind a task, told once, as that of the call that made it: by the uid of that call, which this process must have seen. */
export function tellTaskResult(
  context: AuditContext,
  registry: ServerRegistry,
  { method, params, common, presented }: Request,
  { result }: Ending,
): void {
  const taskFp = taskFpOf(context, params.taskId)
  const origin = taskFp === undefined ? undefined : taskOrigin(context, taskFp)
  const payload = method === 'tasks/result' ? result : method === 'tasks/get' ? result?.['result'] : undefined
  if (origin === undefined || origin.isTold || payload === null || typeof payload !== 'object') return
  origin.isTold = true
  const { requestUid, logicalCallId, toolName, definitionHash } = origin
  const whole = payload as Readonly<Record<string, unknown>>
  const shape = shapeOf(context, () => resultShape(whole, context.hashes, presented, context.declared(toolName ?? '')))
  const scanned = scanContent(context, 'result', toolName ?? '', whole)
  const isError = whole['isError'] === true
  const facts = resultFacts(context, registry, toolName ?? '', whole)
  context.emit(
    {
      eventType: 'tool.result',
      requestUid,
      logicalCallId,
      toolName,
      definitionHash,
      outcome: isError ? 'tool_error' : 'ok',
      resultType: 'complete',
      isError,
      ...shapeFields(shape),
      ...contentFields(scanned, shape.bytes),
      schemaOk: facts.schemaOk,
      dataTags: facts.dataTags,
      rows: facts.rows,
      taskFp,
      flags: flagsOf(shape.bounded, facts.flag),
    },
    undefined,
    common,
  )
  tellFindings(context, 'result', scanned, { requestUid, logicalCallId, toolName, definitionHash }, common)
}

function resultTypeOf(result: Ending['result']): string {
  if (result === undefined) return 'error'
  if (result['resultType'] === 'input_required') return 'input_required'
  const isTask = result['content'] === undefined || result['resultType'] === 'task'
  return isTask && createdTask(result) !== undefined ? 'task' : 'complete'
}
