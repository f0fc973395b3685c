/** Traceloop's MCP instrumentation: spans of the client, with names of its own and content by default. */
import { type Content, endingOf } from '../observation.ts'
import { named } from './attributes.ts'
import { answerOf, contentsOf, observe } from './conventions.ts'
import { isObject } from './json-fields.ts'
import type { OtlpFacts, TelemetrySource } from './source.ts'

const INPUT = 'traceloop.entity.input'
const OUTPUT = 'traceloop.entity.output'
const TOOL = '.tool'
const METHOD = '.mcp'

export const traceloop: TelemetrySource = {
  name: 'traceloop',
  title: 'Traceloop (`@traceloop/instrumentation-mcp`)',
  vantage: 'client',
  ways: ['spans'],
  basis: 'recorded',
  lacks: ['no_principal', 'no_client', 'no_session', 'no_denials', 'no_protocol_version'],
  note: 'Sees what its own client asked, not what the server was asked by others; span kind says SERVER and means nothing.',
  recognises: ({ scope, attributes }) =>
    scope.name.startsWith('@traceloop/instrumentation-mcp') || attributes['traceloop.span.kind'] === 'tool',
  readOtlp(record) {
    const method = methodOf(record)
    if (method === '') return undefined
    const [input, output] = [json(record, INPUT), json(record, OUTPUT)]
    const isCall = method === 'tools/call'
    const toolName = isCall ? named(record.attributes, 'traceloop.entity.name') || before(record.name, TOOL) : ''
    return observe(record, method, {
      lacks: traceloop.lacks,
      vantage: 'client',
      toolName,
      ending: endingOf({
        isCall,
        failed: record.failed,
        errorType: named(record.attributes, 'error.type'),
        isToolError: isObject(output) && output['is_error'] === true,
      }),
      contents: [
        ...contentsOf(record, method, (name) => name.startsWith('traceloop.')).filter(
          ({ name }) => name !== INPUT && name !== OUTPUT,
        ),
        ...contentOf(record, INPUT, 'arguments', isCall && isObject(input) ? input['arguments'] : input),
        ...contentOf(record, OUTPUT, answerOf(method), output),
      ],
    })
  },
}

/** `{tool}.tool` and `{method}.mcp`; `mcp.client.session` is about no request. */
function methodOf({ name, attributes }: OtlpFacts): string {
  if (name.endsWith(METHOD)) return before(name, METHOD)
  return name.endsWith(TOOL) || attributes['traceloop.span.kind'] === 'tool' ? 'tools/call' : ''
}
const before = (name: string, end: string): string => (name.endsWith(end) ? name.slice(0, -end.length) : name)

const MAX_CHARACTERS = 262_144
/** Undefined when it is no JSON: then the text is read as it is. */
function json({ attributes }: OtlpFacts, attribute: string): unknown {
  const text = named(attributes, attribute)
  if (text.length > MAX_CHARACTERS) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function contentOf({ attributes }: OtlpFacts, name: string, surface: Content['surface'], value: unknown): Content[] {
  const text = named(attributes, name)
  if (text === '') return []
  return [value === undefined ? { name, surface, value: text, isJsonText: true } : { name, surface, value }]
}
