// Every event, finding and alert renders to an event that OCSF's schema and the checks beside it accept, whatever its texts say.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectionFinding, findingAsOcsf } from '../../../../connectors/ocsf/detection-finding.ts'
import type { OcsfEvent } from '../../../../connectors/ocsf/event.ts'
import { EVENT_CLASSES } from '../../../../connectors/ocsf/event-classes.ts'
import { ocsfOfEvent } from '../../../../connectors/ocsf/render.ts'
import { OCSF_VERSIONS, type OcsfVersion } from '../../../../connectors/ocsf/vocabulary.ts'
import { ALERT_STATUSES, type Alert } from '../../../../schemas/alert.ts'
import { type AuditEvent, EVENT_SCHEMAS, EVENT_TYPES } from '../../../../schemas/event.ts'
import { SEVERITIES } from '../../../../schemas/finding.ts'
import { sampleAlert, sampleEvent, sampleFinding } from '../../../contract/samples.ts'
import { anyEvent } from '../../schemas/arbitrary-event.ts'
import { faultsOf } from './checks.ts'
import { called, hasFixtures, schemaFaults, WHY_SKIPPED } from './fixtures.ts'

const HOSTILE = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udc00b',
  '\u202e\u2066',
  '</script><!channel>',
  '{"class_uid":1}',
  '__proto__',
  'constructor',
  "'; DROP TABLE events; --",
  '9'.repeat(400),
  'x'.repeat(40_000),
  '1969-12-31T23:59:59Z',
]
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }))
/** As it leaves: JSON keeps no `undefined`, no NaN and no negative zero. */
const onTheWire = (event: OcsfEvent): Record<string, unknown> => JSON.parse(JSON.stringify(event))
function expectValid(event: OcsfEvent | undefined, version: OcsfVersion): void {
  const sent = onTheWire(event!)
  // Both say nothing when all is well; the checks are there also where the schemas are not.
  expect(hasFixtures ? schemaFaults(version, sent) : []).toEqual([])
  expect(faultsOf(sent)).toEqual([])
}
const exported = EVENT_TYPES.filter((type) => EVENT_CLASSES[type].kind !== 'none')

/** Of each type one event with all its fields, drawn together from many. */
const WHOLE = new Map<string, AuditEvent>()
for (const event of fc.sample(anyEvent, { numRuns: 4_000, seed: 7 }))
  WHOLE.set(event.eventType, { ...WHOLE.get(event.eventType), ...event } as AuditEvent)

/** Every text of an event, replaced; ids and times keep their form, as validation sees to it. */
function withTexts(value: unknown, text: () => string): unknown {
  if (typeof value === 'string') return /^[0-9a-f-]{16,64}$|^\d{4}-/.test(value) ? value : text()
  if (Array.isArray(value)) return value.map((each) => withTexts(each, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === 'eventType' ? each : withTexts(each, text)]),
  )
}

describe.each(OCSF_VERSIONS.map((version) => [called(version), version] as const))(
  `OCSF %s${WHY_SKIPPED}`,
  (_, version) => {
    it('takes any valid event of a type that has a class', () => {
      fc.assert(
        fc.property(anyEvent, (event) => {
          const rendered = ocsfOfEvent(event, version)
          expect(rendered !== undefined).toBe(EVENT_CLASSES[event.eventType].kind !== 'none')
          if (rendered !== undefined) expectValid(rendered, version)
        }),
        { numRuns: 400 },
      )
    })
    it('takes the same with texts that no event may have', () => {
      fc.assert(
        fc.property(anyEvent, fc.array(hostile, { minLength: 1, maxLength: 8 }), (event, texts) => {
          let at = 0
          const twisted = withTexts(event, () => texts[at++ % texts.length]!) as AuditEvent
          const rendered = ocsfOfEvent(twisted, version)
          if (rendered !== undefined) expectValid(rendered, version)
        }),
        { numRuns: 300 },
      )
    })
    it.each(exported)('takes %s with nothing but what every event has', (eventType) => {
      const event = {
        eventType,
        eventId: 'a'.repeat(32),
        eventTime: '2026-01-01T00:00:00Z',
        serverId: 's',
      } as AuditEvent
      expect(EVENT_SCHEMAS[eventType].safeParse(event).success).toBe(true)
      expectValid(ocsfOfEvent(event, version), version)
    })
    it.each(exported)('takes %s with every field that it can have', (eventType) => {
      expectValid(ocsfOfEvent(WHOLE.get(eventType)!, version), version)
    })
    it('takes times from the year 0 to 9999', () => {
      for (const eventTime of ['0000-01-01T00:00:00Z', '1969-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59Z'])
        expectValid(
          ocsfOfEvent(sampleEvent({ eventTime, durationMs: 2 ** 41, traceId: 'a'.repeat(32) }), version),
          version,
        )
    })
    it('takes an alert in any state and with any text', () => {
      const lists = fc.array(hostile, { maxLength: 4 })
      const alerts = fc.record<Partial<Alert>>({
        status: fc.constantFrom(...ALERT_STATUSES),
        severity: fc.constantFrom(...SEVERITIES),
        evidenceLevel: fc.constantFrom('observed', 'asserted', 'inferred'),
        revision: fc.integer({ min: 1, max: 2 ** 31 }),
        count: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
        firstSeen: fc.constantFrom('2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z', ''),
        decision: fc.oneof(fc.constantFrom('allow', 'deny', 'challenge', 'error', ''), hostile),
        evidence: fc.dictionary(hostile, fc.oneof(hostile, fc.double(), lists), { noNullPrototype: true }),
        refs: fc.array(fc.oneof(hostile, fc.constantFrom('MCP07:2025', 'T1550.001', 'AML.T0091.000', 'RFC 8707'))),
        evidenceEventIds: lists,
        ...Object.fromEntries(
          ['title', 'saw', 'expected', 'severityReason', 'rule', 'tenant', 'entity', 'serverId', 'toolName'].map(
            (f) => [f, hostile],
          ),
        ),
        ...Object.fromEntries(
          ['principalKey', 'clientKey', 'sessionFp', 'owner', 'statusReason', 'statusAt', 'query'].map((f) => [
            f,
            hostile,
          ]),
        ),
        triage: lists,
        blindSpots: lists,
        findingIds: lists,
      })
      fc.assert(
        fc.property(alerts, (overrides) => {
          expectValid(detectionFinding(sampleAlert(overrides), version), version)
          const { status: _status, ...shared } = overrides
          expectValid(findingAsOcsf(sampleFinding(shared as object), overrides.refs, version), version)
        }),
        { numRuns: 300 },
      )
    })
  },
)

it('the events with every field have every field', () => {
  for (const type of EVENT_TYPES)
    expect(Object.keys(WHOLE.get(type)!).sort()).toEqual(Object.keys(EVENT_SCHEMAS[type].shape).sort())
})

it('nothing that an event says is lost', () => {
  const texts = (value: unknown): readonly string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, each]) => (name === 'receivedAt' ? [] : texts(each)))
        : []
  fc.assert(
    fc.property(anyEvent, (event) => {
      const rendered = ocsfOfEvent(event)
      if (rendered === undefined) return
      const kept = new Set(texts(rendered))
      expect(texts(event).filter((text) => text !== '' && !kept.has(text))).toEqual([])
    }),
    { numRuns: 1_000 },
  )
})

describe('the class of an event', () => {
  it('is told for every type, or why it has none', () => {
    expect(Object.keys(EVENT_CLASSES).sort()).toEqual([...EVENT_TYPES].sort())
    for (const one of Object.values(EVENT_CLASSES)) if (one.kind === 'none') expect(one.reason).not.toBe('')
    expect(exported).toHaveLength(45)
  })
})
