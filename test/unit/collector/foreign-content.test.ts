/** Content of foreign telemetry: classified, shaped and hashed, in every form producers give it; and none of it kept. */
import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { admit } from '../../../collector/admit.ts'
import type { Fingerprint } from '../../../collector/foreign.ts'
import { type Reader, readSpans } from '../../../collector/normalize.ts'
import { emptyAttributes, type OtlpSpan } from '../../../collector/otlp/records.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { githubToken } from '../../fakes/secrets.ts'

const atMs = Date.parse('2026-11-24T06:00:00Z')
const caller = { tenant: 'default', producer: '', claimed: true }
const fingerprint: Fingerprint = (purpose, text) =>
  createHmac('sha256', purpose).update(text).digest('hex').slice(0, 32)
const token = githubToken('a')

function eventsOf(
  attributes: Record<string, unknown>,
  fields: Partial<OtlpSpan> = {},
  by: Partial<Reader> = { fingerprint },
) {
  const span: OtlpSpan = {
    name: 'tools/call echo',
    kind: 2,
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    parentSpanId: '',
    start: '2026-11-24T05:59:59.000000000Z',
    end: '',
    durationMs: 0,
    attributes: Object.assign(emptyAttributes(), {
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      ...attributes,
    }),
    status: { code: 0, message: '' },
    ...fields,
  }
  const batch = [{ resource: { 'service.name': 'srv' }, scope: { name: 'lib', version: '1' }, records: [span] }]
  const { candidates, refused } = readSpans(batch, { caller, atMs, ...by })
  expect(refused).toEqual([])
  const events = candidates.map((candidate) => {
    const result = admit(candidate, caller, atMs)
    if ('refused' in result) throw new Error(`${result.refused.field}: ${result.refused.reason}`)
    return result.event
  })
  expect(JSON.stringify(events)).not.toContain(token.slice(4, 24))
  const [call, ...found] = events as (AuditEvent & { args?: { path: string; hmac?: string; classes?: string[] }[] })[]
  return { call: call!, found: found as (AuditEvent & Record<string, unknown>)[] }
}

describe('arguments', () => {
  const value = { query: `use ${token}`, limit: 5, nested: { ids: ['a'] } }
  const forms: Record<string, Record<string, unknown>> = {
    'JSON text': { 'gen_ai.tool.call.arguments': JSON.stringify(value) },
    'an object': { 'gen_ai.tool.call.arguments': value },
    'one attribute each': {
      'mcp.request.argument.query': JSON.stringify(value.query),
      'mcp.request.argument.limit': '5',
      'mcp.request.argument.nested': JSON.stringify(value.nested),
    },
  }
  it.each(Object.keys(forms))('as %s become the same leaves, with hashes and classes', (form) => {
    const { call, found } = eventsOf(forms[form]!)
    expect(call.args).toEqual([
      {
        path: 'query',
        type: 'string',
        length: value.query.length,
        hmac: expect.any(String),
        classes: ['secret.github_token'],
      },
      { path: 'limit', type: 'number', hmac: expect.any(String) },
      { path: 'nested.ids[]', type: 'string', length: 1, hmac: expect.any(String) },
    ])
    expect(call).toMatchObject({ captureLevel: 'shape', labels: ['secret.github_token'] })
    expect(call.flags).not.toContain('no_arguments')
    expect(found).toMatchObject([
      {
        eventType: 'content.finding',
        surface: 'arguments',
        findingClass: 'secret.github_token',
        contentPath: 'args.query',
        requestUid: call.requestUid,
        toolName: 'echo',
        serverId: 'srv',
        traceId: call.traceId,
        validated: true,
        spanHash: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ])
  })

  it('have no hashes without keys, because such a hash could be guessed', () => {
    const { call, found } = eventsOf(forms['JSON text']!, {}, {})
    expect(call.args!.map(({ hmac }) => hmac)).toEqual([undefined, undefined, undefined])
    expect(call).not.toHaveProperty('argsHmac')
    expect(found[0]).not.toHaveProperty('spanHash')
  })

  it('hash to the same values as our own instrumentation makes of them', async () => {
    const { argumentShape } = await import('../../../collector/instrument/messages/shape.ts')
    const by = (purpose: Parameters<Fingerprint>[0]) => ({ hash: (text: string) => fingerprint(purpose, text) })
    const [args, handles] = [by('arguments'), by('sessions')]
    const hashes = { arguments: args, handles, tokens: handles, principals: args, addresses: args, ephemeral: false }
    const { call } = eventsOf(forms['JSON text']!)
    expect(call.args!.map(({ hmac }) => hmac)).toEqual(argumentShape(value, hashes).args.map(({ hmac }) => hmac))
  })

  it('that their producer cut are said to be, and read as far as they go', () => {
    const cut = JSON.stringify(value).slice(0, -12)
    const { call, found } = eventsOf({ 'gen_ai.tool.call.arguments': cut })
    expect(call.flags).toEqual(expect.arrayContaining(['content_truncated', 'no_arguments']))
    expect(found.map(({ findingClass }) => findingClass)).toEqual(['secret.github_token'])
    expect(eventsOf({ 'mcp.tool.result.content': 'a long answer…' }).call.flags).toContain('content_truncated')
  })
})

describe('everything else', () => {
  it.each([
    [
      'a result',
      { 'gen_ai.tool.call.result': { content: [{ type: 'text', text: token }] } },
      {},
      'result',
      'content[0].text',
    ],
    [
      'messages',
      { 'gen_ai.input.messages': JSON.stringify([{ parts: [{ content: token }] }]) },
      {},
      'prompt',
      '[0].parts[0].content',
    ],
    ['a status text', {}, { status: { code: 2, message: `invalid: ${token}` } }, 'error', 'status.message'],
    ['an exception', {}, { exceptions: [`Error: ${token}`] }, 'error', 'exception'],
    ['an attribute that nobody knows', { 'app.note': `note ${token}` }, {}, undefined, 'attributes.app.note'],
    ['an attribute with a caller’s name', { [`x ${token}`]: token }, {}, undefined, 'attributes.*'],
  ] as const)('%s is read where it stands', (_, attributes, fields, surface, path) => {
    const { call, found } = eventsOf(attributes, fields)
    expect(call.labels).toContain('secret.github_token')
    expect(found.find(({ findingClass }) => findingClass === 'secret.github_token')).toMatchObject({
      contentPath: path,
      ...(surface === undefined ? {} : { surface }),
    })
    if (surface === undefined) expect(found[0]).not.toHaveProperty('surface')
  })

  it('is told by the same events when the span comes again', () => {
    const attributes = { 'gen_ai.tool.call.arguments': JSON.stringify({ a: token, b: token }) }
    const [first, again] = [eventsOf(attributes), eventsOf(attributes)]
    expect(first.found.map(({ eventId }) => eventId)).toEqual(again.found.map(({ eventId }) => eventId))
    expect(new Set([first.call, ...first.found].map(({ eventId }) => eventId)).size).toBe(3)
  })

  it('beyond the bounds counts as unscanned, however much there is', () => {
    const text = 'lorem ipsum '.repeat(40_000)
    const { call } = eventsOf({ 'gen_ai.tool.call.result': text, 'mcp.tool.result.content': text })
    expect(call.unscannedBytes).toBeGreaterThan(800_000)
    expect(JSON.stringify(call)).not.toContain('lorem')
  })

  it('in names of a caller is made fit, and the call is not lost', () => {
    const { call } = eventsOf({ 'gen_ai.tool.name': `a\u0000b\n${'x'.repeat(600)}` })
    expect(call.toolName).toHaveLength(512)
    expect(call.toolName).toMatch(/^a\ufffdb\ufffdx/)
    expect(call.flags).toContain('name_changed')
  })
})
