/** Multi-round-trip requests (2026-07-28): the server asks back in its result, and the same request comes again with what it asked for. */
import type { AuditContext, Round } from '../audit-context.ts'
import { elapsedMs } from '../clock.ts'
import { canonical } from '../keys/canonical.ts'
import { namesOf } from '../names.ts'
import { type Elicitation, tellElicitation, tellElicitationAnswer } from './elicitation.ts'
import { callFields, type Ending, type Request } from './request.ts'
import { tellRoots, tellSampling } from './sampling.ts'

/** A request of a later round, as it was found on arrival. */
export interface Retry {
  readonly stateFp: string | undefined
  /** The round whose state it presents, where this process handed it out. */
  readonly retried: Round | undefined
  readonly uses: number | undefined
}
type Json = Readonly<Record<string, unknown>>
/** Questions of one result, and answers of one retry, that are told. */
const MAX_QUESTIONS = 32
const MAX_DIGEST_CHARACTERS = 65_536
/** How SDK v2 refuses a state that its verifier does not know. */
const STATE_REFUSED = /requestState/i

/** Joins a retry to its call: sets its logical call and round. Undefined for the first round of a request. */
export function openRetry(context: AuditContext, request: Request): Retry | undefined {
  const { requestState, inputResponses } = request.params
  const stateFp = typeof requestState === 'string' ? context.hashes.handles.hash(requestState) : undefined
  if (stateFp === undefined && inputResponses === undefined) return undefined
  const retried = stateFp === undefined ? undefined : context.roundOf(stateFp)
  // Another process may have handed the state out: then its keyed hash joins the rounds.
  request.logicalCallId = retried?.logicalCallId ?? stateFp ?? request.requestUid
  request.round = (retried?.round ?? 1) + 1
  if (retried !== undefined) retried.uses++
  const retry = { stateFp, retried, uses: retried?.uses }
  request.retry = retry
  return retry
}

/** What a client answers to the questions of the round before, by the same keys; also in tasks/update. */
export function tellAnswers(context: AuditContext, request: Request): void {
  const { inputResponses } = request.params
  if (inputResponses === null || typeof inputResponses !== 'object') return
  const { asked } = request.retry?.retried ?? {}
  for (const [key, answer] of Object.entries(inputResponses as object).slice(0, MAX_QUESTIONS)) {
    if (answer === null || typeof answer !== 'object') continue
    const question = asked?.get(key)
    const fields = callFields(request)
    if (question !== undefined || 'action' in answer)
      tellElicitationAnswer(context, fields, question, answer, request.common)
    else if ('roots' in answer) tellRoots(context, fields, answer, request.common)
  }
}

/** mrtr.retry, when it is known what the server made of the state. */
export function tellRetry(context: AuditContext, request: Request, ending: Ending): void {
  const { stateFp, retried, uses } = request.retry!
  const message = ending.error?.['message']
  const isRefused = ending.errorCode === '-32602' && typeof message === 'string' && STATE_REFUSED.test(message)
  const isSealed = context.options.posture?.requestStateProtected === true && ending.outcome !== 'cancelled'
  const digest = retried === undefined ? undefined : digestOf(context, request)
  const fields = {
    eventType: 'mrtr.retry' as const,
    ...callFields(request),
    outcome: ending.outcome,
    errorCode: ending.errorCode,
    stateFp,
    integrity: stateFp === undefined ? 'none' : isRefused ? 'failed' : isSealed ? 'sealed' : 'unknown',
    ageMs: retried === undefined ? undefined : elapsedMs(retried.handedOut, request.started),
    digestMatch: digest === undefined || retried?.digest === undefined ? undefined : digest === retried.digest,
    uses,
  }
  context.emit(fields, undefined, request.common)
}

/** The server asks back instead of answering. */
export function tellInputRequired(context: AuditContext, request: Request, result: Json): void {
  const state = result['requestState']
  const stateFp = typeof state === 'string' ? context.hashes.handles.hash(state) : undefined
  const { inputRequests } = result
  const questions = Object.entries(
    (inputRequests !== null && typeof inputRequests === 'object' ? inputRequests : {}) as Json,
  ).slice(0, MAX_QUESTIONS) as [string, { readonly method?: unknown; readonly params?: unknown } | null][]
  const kinds = questions.map(([, question]) => kindOf(question?.method))
  const fields = {
    eventType: 'mrtr.input_required' as const,
    ...callFields(request),
    requestKinds: namesOf([...new Set(kinds)]),
    stateFp,
    integrity: stateFp === undefined ? 'none' : context.options.posture?.requestStateProtected ? 'sealed' : 'unknown',
  }
  context.emit(fields, undefined, request.common)
  const asked = new Map<string, Elicitation>()
  let sampled = 0
  for (const [key, question] of questions) {
    const { method, params } = question ?? {}
    if (method === 'elicitation/create')
      asked.set(key, tellElicitation(context, callFields(request), params, request.common))
    else if (method === 'sampling/createMessage')
      tellSampling(context, callFields(request), params, request.common, ++sampled)
  }
  if (stateFp === undefined) return
  const digest = digestOf(context, request)
  context.remember(stateFp, { logicalCallId: request.logicalCallId, round: request.round ?? 1, asked, digest })
}

const kindOf = (method: unknown): string => (typeof method === 'string' ? method.split('/')[0]! : 'other')

/** What a state was made for: method, name and arguments. Undefined where the arguments have no hash. */
function digestOf({ hashes }: AuditContext, { method, params, argsHmac }: Request): string | undefined {
  if (argsHmac === undefined) return undefined
  const text = canonical([method, params.name, (params as Json)['uri'], argsHmac], MAX_DIGEST_CHARACTERS)
  return text === undefined ? undefined : hashes.arguments.hash(text)
}
