// The properties rules are held to can fail: for each of them a rule that breaks it, and that alone is reported.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { AnyRule } from '../../../detectors/loaded-rule.ts'
import { days, defineRule } from '../../../detectors/rule.ts'
import { PROPERTIES } from '../../../detectors/rule-properties.ts'
import { counted, example, type Sample, sample } from '../../../detectors/sample.ts'
import { TEXT } from './small-rules.ts'

const call = (tool: string, principal = 'alice') => sample('tool.call', { tool, principal })
const examples = {
  match: [example('bad', call('bad'))],
  noMatch: [example('good', call('good', 'bob'))],
}
const sound = {
  ...TEXT,
  id: 'syn-040-sound',
  requires: { 'tool.call': ['tool'] },
  check: { 'tool.call': (e: { tool: string }) => (e.tool === 'bad' ? { saw: 'bad' } : undefined) },
  examples,
} as const
const keyed = { check: undefined, per: 'caller', ttl: days(1) } as const
const twice = (...events: Sample[]) => ({ ...examples, match: [example('bad', ...events)] })

const faults = (rule: object): readonly string[] =>
  PROPERTIES.flatMap((property) => (property.faults(rule as AnyRule).length > 0 ? [property.name] : []))

it('a sound rule has no fault', () => {
  expect(faults(defineRule(sound))).toEqual([])
})

let lastTenant = ''
describe.each([
  ['matches the examples that must match', { check: { 'tool.call': () => undefined } }],
  ['stays silent in the examples that must not match', { check: { 'tool.call': () => ({ saw: 'x' }) } }],
  [
    'says it as often as its examples say',
    { examples: { ...examples, match: [counted(2, example('bad', call('bad')))] } },
  ],
  [
    'its examples are valid events',
    {
      examples: {
        ...examples,
        match: [example('bad', call('bad'), sample('tool.call', { tool: 'x', durationMs: -1 }))],
      },
    },
  ],
  [
    'never throws on its examples',
    {
      check: {
        'tool.call'(e: { tool: string }) {
          if (e.tool === 'bad') return { saw: 'bad' }
          throw new Error('no')
        },
      },
    },
  ],
  [
    'never throws on a server, tool or person with an odd name',
    {
      check: {
        'tool.call'(e: { tool: string }) {
          const table: Record<string, { n: number } | undefined> = {}
          return e.tool === 'bad' || (table[e.tool] !== undefined && table[e.tool]!.n.toFixed() !== '')
            ? { saw: 'bad' }
            : undefined
        },
      },
    },
  ],
  [
    'a restart between any two events changes nothing',
    {
      ...keyed,
      cell: () => ({ seen: 0 }),
      on: {
        'tool.call'(e: { tool: string }, cell: { seen: number }) {
          if (e.tool === 'bad' && cell.seen === Number.POSITIVE_INFINITY) return { saw: 'bad' }
          cell.seen = Number.POSITIVE_INFINITY
        },
      },
      examples: twice(call('good'), call('bad')),
    },
  ],
  [
    'a second tenant, interleaved, changes nothing',
    {
      check: {
        'tool.call'(e: { tool: string; tenant: string }) {
          const before = lastTenant
          lastTenant = e.tenant
          return e.tool === 'bad' && before === e.tenant ? { saw: 'bad' } : undefined
        },
      },
      examples: twice(call('bad'), call('bad')),
    },
  ],
  [
    'a rotation of keys between any two events changes nothing, nor does one that only some producers have made',
    {
      requires: { 'tool.call': ['tool', 'id'] },
      check: {
        'tool.call': (e: View) => (e.tool === 'bad' && e.wire['formerHashes'] === undefined ? { saw: 'x' } : undefined),
      },
    },
  ],
  [
    'every field it requires takes at least two values in its examples',
    { requires: { 'tool.call': ['tool', 'session'] } },
  ],
  [
    'a cell stays below 4 KB and is plain JSON',
    {
      ...keyed,
      cell: () => ({ text: 'x'.repeat(5_000) }),
      on: { 'tool.call': (e: { tool: string }) => (e.tool === 'bad' ? { saw: 'bad' } : undefined) },
    },
  ],
  [
    'says why, what it mistakes, what it cannot see and what to do, and describes its options',
    { config: z.object({ n: z.int().default(1) }) },
  ],
  ['handles every type it requires', { requires: { 'tool.call': ['tool'], 'tool.result': ['bytes'] } }],
])('%s', (name, change) => {
  it('is broken by a rule that breaks it', () => {
    const rule = { ...sound, ...change } as unknown as AnyRule
    const property = PROPERTIES.find((each) => each.name === name)!
    let found: readonly string[]
    try {
      found = property.faults(rule)
    } catch (error) {
      // The loader refuses it before it is ever run.
      found = [String(error)]
    }
    expect(found).not.toEqual([])
  })
})
interface View {
  readonly tool: string
  readonly wire: Readonly<Record<string, unknown>>
}
