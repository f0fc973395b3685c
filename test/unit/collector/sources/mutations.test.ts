/** Whatever becomes of a good record, for every source: nothing throws, nothing of a caller is kept, and what comes out is an event or a letter. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { admit } from '../../../../collector/admit.ts'
import { type Readings, readSpans } from '../../../../collector/normalize.ts'
import { decodeTracesJson } from '../../../../collector/otlp/decode-json.ts'
import { OtlpUnreadable } from '../../../../collector/otlp/records.ts'
import { sourceNamed } from '../../../../collector/sources/catalogue.ts'
import { readJsonRecords } from '../../../../collector/sources/read-json.ts'
import { parseEvent } from '../../../../schemas/event.ts'
import type { DeadLetter } from '../../../../schemas/ports.ts'
import { CanarySearch, dressed, plant } from '../../../fakes/canaries.ts'
import { atMs, jsonFile, lines, posthogEvents, reader, sentryPayloads, traceloopBatch, withKeys } from './recordings.ts'

const ROUNDS = 120

/** Deterministic, so that a failure can be seen again. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
type Random = () => number
const oneOf = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)]!

const canaries = plant()
const secrets = Object.values(canaries).flatMap(dressed)
const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`)
const HOSTILE: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  0,
  '',
  [],
  {},
  '\u0000',
  '\u001b[2Jcleared\n',
  '\ud800',
  'x'.repeat(20_000),
  deep(60),
  deep(200),
  '['.repeat(5_000),
  { __proto__: null, constructor: 'x' },
  JSON.parse('{"__proto__":{"a":1}}'),
  '9999-99-99T99:99:99Z',
  Array.from({ length: 300 }, (_, at) => ({ at })),
]
/** A server's own name is its operator's word, and such are ids of records and times: they are kept or hashed as they are. */
const OPERATORS =
  /^(?:\$?mcp_server_name|mcp\.server\.name|component|backend_name|mcp\.target|tool\.gateway_id|service\.name)$/

/** One place of a JSON value changed: replaced, removed, renamed, doubled. */
function mutate(value: unknown, random: Random): unknown {
  const copy = structuredClone(value)
  const places: { holder: Record<string, unknown>; key: string; named: boolean }[] = []
  const visit = (at: unknown, isNamed: boolean): void => {
    if (at === null || typeof at !== 'object') return
    for (const key of Object.keys(at)) {
      const holder = at as Record<string, unknown>
      // An attribute of OTLP has its name beside its value.
      const named = isNamed || OPERATORS.test(key) || OPERATORS.test(String(holder['key'] ?? ''))
      places.push({ holder, key, named })
      visit(holder[key], named)
    }
  }
  visit(copy, false)
  for (let times = 1 + Math.floor(random() * 3); times > 0 && places.length > 0; times--) {
    const { holder, key, named } = oneOf(random, places)
    const secret = oneOf(random, secrets)
    const kind = random()
    if (kind < 0.45) holder[key] = named ? 'somewhere' : random() < 0.3 ? { [secret]: secret } : secret
    else if (kind < 0.75) holder[key] = oneOf(random, HOSTILE)
    else if (kind < 0.85) Reflect.deleteProperty(holder, key)
    else if (!Array.isArray(holder) && !named) {
      holder[secret] = holder[key]
      Reflect.deleteProperty(holder, key)
    } else holder[key] = [holder[key], holder[key]]
  }
  return copy
}

const json = (name: string) => (body: unknown, by: typeof reader) => readJsonRecords(sourceNamed(name)!, body, by)
const otlp = (body: unknown, by: typeof reader): Readings => {
  try {
    return readSpans(decodeTracesJson(Buffer.from(JSON.stringify(body))), by)
  } catch (error) {
    // A request that is none as a whole: the answer is 400, and nothing is kept.
    if (error instanceof OtlpUnreadable) return { candidates: [], refused: [], ignored: 1 }
    throw error
  }
}
const fixture = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../fixtures/other-instrumentations/${file}`, import.meta.url), 'utf8'))
/** Spans as decoded, as OTLP/JSON. */
const asOtlp = (spans: readonly { attributes: object; [field: string]: unknown }[], scope: string): unknown => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'agent' } }] },
      scopeSpans: [
        {
          scope: { name: scope },
          spans: spans.map(({ attributes, ...span }) => ({
            ...span,
            startTimeUnixNano: '1795392568712822400',
            attributes: Object.entries(attributes).map(([key, value]) => ({
              key,
              value: typeof value === 'number' ? { intValue: value } : { stringValue: String(value) },
            })),
            events: [{ name: 'exception', attributes: [{ key: 'exception.message', value: { stringValue: 'boom' } }] }],
          })),
        },
      ],
    },
  ],
})
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), kind: 2 }

const WAYS: readonly (readonly [way: string, read: typeof otlp, good: () => readonly unknown[]])[] = [
  ['fastmcp spans', otlp, () => [fixture('fastmcp-jwt-2026.json'), fixture('fastmcp-static-2025.json')]],
  ['python-sdk spans', otlp, () => [fixture('mcp-python-sdk-2025.json')]],
  ['traceloop spans', otlp, () => [asOtlp(traceloopBatch()[0]!.records as never, '@traceloop/instrumentation-mcp')]],
  [
    'agentgateway spans',
    otlp,
    () => [
      asOtlp(
        lines('agentgateway-request-log.jsonl').map((attributes) => ({ ...ids, name: 'tools/call', attributes })),
        'gw',
      ),
    ],
  ],
  [
    'contextforge spans',
    otlp,
    () => [
      asOtlp(
        [
          {
            ...ids,
            name: 'tool.invoke',
            attributes: { 'tool.name': 'a', 'tool.integration_type': 'MCP', 'tool.arguments': '{"a":1}' },
          },
        ],
        'cf',
      ),
    ],
  ],
  ['sentry JSON', json('sentry'), () => sentryPayloads('sentry11-sdk-v2.json')],
  ['posthog JSON', json('posthog'), posthogEvents],
  ['toolhive JSON', json('toolhive'), () => lines('toolhive-audit.jsonl')],
  ['agentgateway JSON', json('agentgateway'), () => lines('agentgateway-request-log.jsonl')],
  [
    'contextforge JSON',
    json('contextforge'),
    () => {
      const { trace, audit } = jsonFile('contextforge.json') as { trace: unknown; audit: unknown[] }
      return [trace, ...audit]
    },
  ],
]

describe.each(WAYS)('%s', (way, read, good) => {
  it(`stand ${ROUNDS} mutations`, { timeout: 60_000 }, () => {
    const random = randomOf(way.length * 7_919)
    const search = new CanarySearch(canaries)
    let events = 0
    const letters: DeadLetter[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const record = mutate(oneOf(random, good()), random)
      // Without keys and with: what is hashed in the one is left out in the other.
      const { candidates, refused } = read(record, round % 2 === 0 ? withKeys : reader)
      letters.push(...refused)
      for (const candidate of candidates) {
        const admitted = admit(candidate, reader.caller, atMs)
        if ('refused' in admitted) letters.push(admitted.refused)
        else {
          events++
          expect(parseEvent(structuredClone(admitted.event))).not.toHaveProperty('fault')
          search.look(`an event of round ${round}`, JSON.stringify(admitted.event))
        }
      }
    }
    for (const letter of letters) {
      expect(letter).toMatchObject({ component: expect.stringMatching(/./), reason: expect.stringMatching(/./) })
      search.look('a letter', JSON.stringify(letter))
    }
    expect(events).toBeGreaterThan(ROUNDS / 8)
    expect(letters.length).toBeGreaterThan(0)
    expect([...new Set(search.found)]).toEqual([])
  })
})
