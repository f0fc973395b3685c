/** Events of tool calls, their rounds, tasks and handles. Shapes and keyed hashes, never content. */
import { z } from 'zod'
import { characters, count, flag, id, LIMITS, measure, name, names, oneOf } from '../field.ts'
import { identifier } from './identifier.ts'

const meta = (description: string, unit: string) => ({ description, origin: 'server', unit })

/** One leaf of a call's arguments: where it stands, its type, length and keyed hash. */
export const argumentLeaf = z.object({
  path: characters(LIMITS.nameChars),
  type: z.enum(['string', 'number', 'boolean', 'null', 'array', 'object']),
  length: z.int().min(0).optional(),
  hmac: z
    .string()
    .regex(/^[0-9a-f]{0,64}$/)
    .optional(),
  classes: z.array(characters(64)).max(32).optional(),
  /** The text itself, only where a capture policy or the evidence mode asks for it; secrets are taken out. */
  value: characters(LIMITS.textChars).optional(),
})
/** A text of a result, under the same condition. */
export const capturedText = z.object({ path: characters(LIMITS.nameChars), value: characters(LIMITS.textChars) })
/** A bearer handle seen in arguments or results. `policy` private: its owner alone may use it. */
export const handleSeen = z.object({
  fp: z.string().regex(/^[0-9a-f]{8,64}$/),
  path: characters(LIMITS.nameChars).optional(),
  policy: z.enum(['private', 'shared', 'unknown']).optional(),
  inList: z.boolean().optional(),
})
export type ArgumentLeaf = z.infer<typeof argumentLeaf>
export type CapturedText = z.infer<typeof capturedText>
export type HandleSeen = z.infer<typeof handleSeen>
const handles = (description: string) =>
  z.array(handleSeen).max(LIMITS.listLength).optional().meta(meta(description, 'list of {fp, path, policy, inList}'))

export const calls = {
  'tool.call': {
    args: z
      .array(argumentLeaf)
      .max(LIMITS.argumentLength)
      .optional()
      .meta(meta('Leaves of the arguments: path, type, length, keyed hash, classes.', 'list')),
    argsHmac: id('server', 'Keyed hash of the canonical arguments.'),
    argsBytes: count('server', 'bytes', 'Size of the arguments as JSON.'),
    argHandles: handles('Handles presented in the arguments.'),
    round: count('server', 'number', 'Round of a multi-round-trip call, from 1.'),
    stateFp: id('server', 'Keyed hash of the requestState presented.'),
    taskFp: id('server', 'Keyed hash of the task.'),
    approvalRef: name('ingested', 'Approval this call refers to.'),
    resultType: name('server', 'Result type; on a foreign span, whose one event is call and result.'),
    isError: flag('server', 'The result says isError; on a foreign span.'),
  },
  'tool.result': {
    resultType: name('server', 'complete, input_required, task, error.'),
    isError: flag('server', 'The result says isError.'),
    bytes: count('server', 'bytes', 'Size of the result as JSON.'),
    parts: count('server', 'number', 'Content parts.'),
    contentTypes: names('server', 'Types of the parts.'),
    urlDomains: names('server', 'Host names of URLs in the result.'),
    schemaOk: flag('server', 'Structured content satisfies the output schema.'),
    contentHmac: id('server', 'Keyed hash of the canonical result.'),
    mintedHandles: handles('Handles that first appear in this result.'),
    captured: z
      .array(capturedText)
      .max(64)
      .optional()
      .meta(meta('Texts of the result that a capture policy or the evidence mode asked for.', 'list of {path, value}')),
    findings: names('server', 'Classes the content classifiers reported.'),
    dataTags: names('server', 'Data tags of the content.'),
    rows: count('server', 'number', 'Rows returned, when known.'),
    blankShare: measure('server', '0..1', 'Of a long text: share of white space.'),
    invisibleShare: measure('server', '0..1', 'Of a long text: share of characters that nobody sees.'),
    repeatedShare: measure('server', '0..1', 'Of a long text: share of pieces that stood in it before.'),
    round: count('server', 'number', 'Round of a multi-round-trip call, from 1.'),
    taskFp: id('server', 'Keyed hash of the task whose result this is.'),
  },
  'mrtr.input_required': {
    requestKinds: names('server', 'What is asked: elicitation, sampling, roots.'),
    stateFp: id('server', 'Keyed hash of the requestState handed out.'),
    integrity: oneOf('server', ['sealed', 'plain', 'none', 'unknown'], 'Protection of the state.'),
  },
  'mrtr.retry': {
    stateFp: id('server', 'Keyed hash of the requestState presented.'),
    integrity: oneOf('server', ['sealed', 'plain', 'none', 'failed', 'unknown'], 'Result of the check.'),
    principalMatch: flag('server', 'The server found the principal to be the same.'),
    ageMs: measure('server', 'ms', 'Age of the state.'),
    digestMatch: flag('server', 'The request is the one the state was made for.'),
    uses: count('server', 'number', 'How often the state was presented.'),
  },
  'task.created': {
    taskFp: id('server', 'Keyed hash of the task id.'),
    ...identifier,
    ttlMs: measure('server', 'ms', 'Lifetime.'),
    pollIntervalMs: measure('server', 'ms', 'Suggested poll interval.'),
  },
  'task.accessed': {
    taskFp: id('server', 'Keyed hash of the task id.'),
    op: oneOf('client', ['get', 'result', 'cancel', 'list', 'update'], 'What was done.'),
    ownerMatch: flag('server', 'The server found the caller to be the owner.'),
    resultReturned: flag('server', 'The task’s result was handed out.'),
  },
  'task.ended': {
    taskFp: id('server', 'Keyed hash of the task id.'),
    state: name('server', 'completed, failed, cancelled, expired.'),
  },
  'elicitation.requested': {
    mode: oneOf('server', ['form', 'url'], 'Form or URL.'),
    urlHost: name('server', 'Host of the URL.'),
    fieldClasses: names('server', 'Classes of the fields asked for.'),
    handleFp: id('server', 'Keyed hash of the elicitation id.'),
    urlFlaws: names('server', 'What is wrong with the URL: not_https, private_address, userinfo, credential, …'),
  },
  'elicitation.completed': {
    mode: oneOf('server', ['form', 'url'], 'Form or URL.'),
    action: oneOf('client', ['accept', 'decline', 'cancel'], 'What the person did.'),
    handleFp: id('server', 'Keyed hash of the elicitation id.'),
    stage: oneOf('server', ['url_opened', 'done'], 'How far a URL elicitation came.'),
    webPrincipalKey: id('server', 'Keyed hash of the principal whose browser completed it.'),
    fieldClasses: names('client', 'Classes of the fields that were filled in.'),
  },
  'sampling.requested': {
    modelHintHash: id('server', 'Keyed hash of the model hints.'),
    maxTokens: count('server', 'number', 'Token limit asked for.'),
    includeContext: oneOf('server', ['none', 'thisServer', 'allServers'], 'Context asked for.'),
    messages: count('server', 'number', 'Messages sent.'),
    systemPromptHash: id('server', 'Keyed hash of the system prompt.'),
    samplingTools: names('server', 'Tools offered to the model.'),
    findings: names('server', 'Classes the content classifiers reported.'),
    depth: count('server', 'number', 'Sampling requests open at once within one call.'),
  },
  'roots.requested': {
    roots: count('client', 'number', 'Roots the client named.'),
    rootClasses: names('client', 'Classes of the roots: home, system, project, network, other.'),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>
