/** Quick checks never say yes where zod would refuse or change the value, and say yes to every good event. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { EVENT_SCHEMAS, EVENT_TYPES, type EventType } from '../../../schemas/event.ts'
import { INSTANT } from '../../../schemas/field.ts'
import { isInstant, quickCheck } from '../../../schemas/quick-check.ts'
import { anyEvent } from './arbitrary-event.ts'

/** Values that sit at the edges of what fields accept. */
const edge = fc.oneof(
  fc.constantFrom<unknown>(
    '',
    'x'.repeat(513),
    '\ud800',
    'a\u0000b',
    -1,
    0.5,
    2 ** 53,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    [],
    {},
    ['\udfff'],
    [1],
    'allow',
    'ZZ',
    '2026-13-01T00:00:00Z',
  ),
  fc.anything(),
)
const agrees = (event: { readonly eventType: EventType }): void => {
  const schema = EVENT_SCHEMAS[event.eventType]
  if (!quickCheck(schema)(event)) return
  const parsed = schema.safeParse(event)
  expect(parsed.success).toBe(true)
  expect(parsed.data).toEqual(event)
}
const changes = [
  ...new Set(EVENT_TYPES.flatMap((type) => Object.keys(EVENT_SCHEMAS[type].shape))),
  'unknownField',
  'constructor',
]

describe('a quick check', () => {
  it('says yes to every good event', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        expect(quickCheck(EVENT_SCHEMAS[event.eventType])(event)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('says yes to a changed event only where zod accepts it unchanged', () => {
    fc.assert(
      fc.property(
        anyEvent,
        fc.constantFrom(...changes.filter((field) => field !== 'eventType')),
        edge,
        (event, field, value) => agrees({ ...event, [field]: value }),
      ),
      { numRuns: 3_000 },
    )
  })

  it('says no to a missing required field', () => {
    for (const field of ['eventId', 'eventTime', 'serverId'])
      fc.assert(
        fc.property(anyEvent, (event) => {
          const { [field as 'eventId']: _, ...rest } = event
          expect(quickCheck(EVENT_SCHEMAS[event.eventType])(rest)).toBe(false)
        }),
        { numRuns: 20 },
      )
  })

  it('looks into lists of objects: an unknown key or a bad value there is a no', () => {
    const check = quickCheck(EVENT_SCHEMAS['tool.call'])
    const event = { eventType: 'tool.call', eventId: '0'.repeat(32), eventTime: '2026-11-24T00:00:00Z', serverId: 's' }
    expect(check({ ...event, args: [{ path: 'a', type: 'string', length: 3 }] })).toBe(true)
    expect(check({ ...event, args: [{ path: 'a', type: 'string', more: 1 }] })).toBe(false)
    expect(check({ ...event, args: [{ path: 'a', type: 'date' }] })).toBe(false)
    expect(check({ ...event, args: [{ type: 'string' }] })).toBe(false)
    expect(check({ ...event, args: [undefined] })).toBe(false)
  })

  it('says no to what it does not understand, so that zod decides', () => {
    expect(quickCheck(z.string().trim())('a')).toBe(false)
    expect(quickCheck(z.union([z.string(), z.number()]))('a')).toBe(false)
    expect(quickCheck(z.email())('a@example.org')).toBe(false)
    expect(quickCheck(z.string().max(3).regex(/a/))('a')).toBe(false)
    expect(quickCheck(z.number().multipleOf(2))(2)).toBe(false)
  })
})

describe('an instant', () => {
  const digits = fc.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,10})?[Zz]?$/)
  const good = fc
    .date({ min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
    .map((date) => date.toISOString())

  it('is what its pattern says, character by character', () => {
    fc.assert(
      fc.property(
        fc.oneof(digits, good),
        fc.nat(31),
        fc.constantFrom('', '/', ':', '0', '9', 'Z', '.', '٣'),
        (text, at, by) => {
          for (const changed of [
            text,
            text.slice(0, at) + by + text.slice(at + 1),
            text.slice(0, at) + by + text.slice(at),
          ])
            expect(isInstant(changed)).toBe(INSTANT.test(changed))
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('has months, days, hours, minutes and seconds within their bounds', () => {
    for (const text of ['2026-00-01', '2026-13-01', '2026-12-00', '2026-12-32', '2026-12-31', '2026-01-01'])
      for (const time of ['24:00:00', '23:60:00', '23:59:60', '23:59:59', '00:00:00'])
        expect(isInstant(`${text}T${time}Z`)).toBe(INSTANT.test(`${text}T${time}Z`))
  })
})
