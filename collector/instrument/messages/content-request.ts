/** resource.read, prompt.get and completion.request: what was asked for, read on arrival, and the shape of the answer. */
import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, instantNow } from '../clock.ts'
import { contentFields, scanContent } from '../content/content-scan.ts'
import { tellContent } from '../content/guarded-content.ts'
import { canonical } from '../keys/canonical.ts'
import { nameOf, trustedName } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import { type ContentPart, type ContentShape, contentShape } from './content-shape.ts'
import { callFields, type Ending, type Request } from './request.ts'
import { statedCount } from './stated.ts'
import { fitsUriTemplate, schemeOf, uriClass } from './uri-class.ts'

type Json = Readonly<Record<string, unknown>>
const RESOURCE_METHODS = new Set(['resources/read', 'resources/subscribe', 'resources/unsubscribe'])
const MAX_ARGUMENT_CHARACTERS = 65_536
const MAX_NAMES = 64

/** Whether a request of this method is told by this file. */
export const isContentRequest = (method: string): boolean =>
  RESOURCE_METHODS.has(method) || method === 'prompts/get' || method === 'completion/complete'

/** Reads what is asked for, before a handler can change it. Its event comes with the answer. */
export function openContent(context: AuditContext, request: Request): void {
  const params = request.params as Json
  if (RESOURCE_METHODS.has(request.method)) {
    request.about = resourceFields(context, params['uri'])
    request.argsHmac = ''
  } else if (request.method === 'prompts/get') {
    request.about = promptFields(context, params)
    request.argsHmac = params['arguments'] === undefined ? '' : (request.about['argsHmac'] as string | undefined)
  } else request.about = completionFields(context, params)
}

/** One event for each request, whatever the ending. Its class and definition wait for the registry. */
export function tellContentRequest(
  context: AuditContext,
  registry: ServerRegistry,
  request: Request,
  ending: Ending,
): void {
  const time = instantNow()
  const { result } = ending
  const isAsking = result?.['resultType'] === 'input_required'
  const shape =
    result === undefined || isAsking ? undefined : guarded(context, () => shapeOf(context, request.method, result))
  const ended = { outcome: ending.outcome, errorCode: ending.errorCode, durationMs: elapsedMs(request.started, time) }
  const flags = isAsking ? ['input_required'] : shape?.bounded ? ['content_bounded'] : undefined
  const surface = request.method === 'prompts/get' ? 'prompt' : 'resource'
  const isRead = result !== undefined && !isAsking && request.method !== 'completion/complete'
  const scanned = isRead ? scanContent(context, surface, '', result) : undefined
  const emit = (fields: object): void => {
    const { bounded: _, ...content } = shape ?? { bounded: false }
    const read = !isRead ? {} : contentFields(scanned, content.unscannedBytes)
    const told = { ...callFields(request), ...ended, ...request.about, ...fields, ...content, ...read, flags }
    context.emit({ eventType: typeOf(request.method), ...told }, time, request.common)
    if (isRead) tellContent(context, surface, '', result, scanned, request)
  }
  const params = request.params as Json
  if (request.method === 'completion/complete') {
    const { completion } = (result ?? {}) as { completion?: { values?: unknown } | null }
    emit({ completions: Array.isArray(completion?.values) ? completion.values.length : undefined })
  } else if (request.method === 'prompts/get')
    registry.prompts.whenKnown(() => {
      const { name } = params
      const hashes = registry.prompts.definitions?.hashes
      const known = typeof name === 'string' ? hashes?.get(name) : undefined
      emit({
        promptName: known === undefined ? nameOf(name) : trustedName(name as string),
        definitionKnown: hashes === undefined ? undefined : known !== undefined,
        definitionHash: known,
      })
    })
  else registry.resources.whenKnown(() => emit(classFields(registry, params['uri'])))
}

/** Also for the resources that a subscriptions/listen asks to be told of. */
export function tellSubscribed(
  context: AuditContext,
  registry: ServerRegistry,
  request: Request,
  uris: readonly unknown[],
): void {
  for (const uri of uris.slice(0, MAX_NAMES))
    context.emit(
      {
        eventType: 'resource.read',
        ...callFields(request),
        ...resourceFields(context, uri),
        ...classFields(registry, uri),
      },
      undefined,
      request.common,
    )
}

const typeOf = (method: string) =>
  method === 'prompts/get' ? 'prompt.get' : method === 'completion/complete' ? 'completion.request' : 'resource.read'

const resourceFields = (context: AuditContext, uri: unknown): Json => ({
  uriHmac: typeof uri === 'string' ? keyed(context, `s${uri}`) : undefined,
  uriScheme: typeof uri === 'string' ? schemeOf(uri) : undefined,
})

/** Registered and template come of what the server lists, as far as it is known; a class that says attack does not wait for that. */
export function classFields(registry: ServerRegistry, uri: unknown): Json {
  if (typeof uri !== 'string') return {}
  const hashes = registry.resources.definitions?.hashes
  let template: string | undefined
  const uriClassFound = uriClass(
    uri,
    (each) => hashes?.has(each) === true,
    (each) => {
      for (const key of hashes?.keys() ?? [])
        if (key.includes('{') && fitsUriTemplate(key, each)) {
          template = key
          return true
        }
      return false
    },
  )
  return { uriClass: uriClassFound, definitionHash: hashes?.get(template ?? uri) }
}

function promptFields(context: AuditContext, params: Json): Json {
  const given = params['arguments']
  if (given === null || typeof given !== 'object') return { argumentNames: [] }
  const text = canonical(given, MAX_ARGUMENT_CHARACTERS)
  return {
    argumentNames: Object.keys(given)
      .slice(0, MAX_NAMES)
      .map((name) => nameOf(name)),
    argsHmac: text === undefined ? undefined : keyed(context, text),
  }
}

function completionFields(context: AuditContext, params: Json): Json {
  const { type, name, uri } = (params['ref'] ?? {}) as Json
  const { name: argument, value } = (params['argument'] ?? {}) as Json
  const reference = type === 'ref/prompt' ? name : type === 'ref/resource' ? uri : undefined
  return {
    referenceKind: type === 'ref/prompt' ? 'prompt' : type === 'ref/resource' ? 'resource' : 'other',
    referenceHmac: typeof reference === 'string' ? keyed(context, `s${reference}`) : undefined,
    argumentName: nameOf(argument),
    valueChars: typeof value === 'string' ? statedCount(value.length) : undefined,
  }
}

const keyed = ({ captureLevel, hashes }: AuditContext, text: string): string | undefined =>
  captureLevel === 'minimal' ? undefined : hashes.arguments.hash(text)

/** In one process an answer may be anything, also something that throws when it is read. */
function guarded(context: AuditContext, read: () => ContentShape | undefined): ContentShape | undefined {
  try {
    return read()
  } catch {
    context.errors++
    return { bounded: true }
  }
}

function shapeOf(context: AuditContext, method: string, result: Json): ContentShape | undefined {
  if (method === 'resources/read') {
    const contents = listOf(result['contents'])
    return contentShape(
      context,
      result,
      contents.map(({ mimeType, text, blob }) => ({ type: mimeType, texts: [text], blob })),
    )
  }
  return method === 'prompts/get'
    ? contentShape(context, result, listOf(result['messages']).map(promptPart))
    : undefined
}

function promptPart({ content }: Json): ContentPart {
  const { type, text, data, uri, resource } = (content ?? {}) as Json
  const embedded = (resource ?? {}) as Json
  return { type, texts: [text, embedded['text'], webUri(uri), webUri(embedded['uri'])], blob: data ?? embedded['blob'] }
}

/** The host of another scheme is a name of the server's own, and may be a person's. */
const webUri = (uri: unknown): unknown => (typeof uri === 'string' && /^https?:/i.test(uri) ? uri : undefined)

const listOf = (value: unknown): Json[] =>
  Array.isArray(value) ? value.map((each) => (each !== null && typeof each === 'object' ? (each as Json) : {})) : []
