// Small rules and events for the tests of the engine.
import { z } from 'zod'
import { createEngine, type Engine } from '../../../detectors/engine/engine.ts'
import { assemble } from '../../../detectors/load.ts'
import type { AnyRule } from '../../../detectors/loaded-rule.ts'
import { example, exampleEvents, type Sample, sample } from '../../../detectors/sample.ts'
import type { Finding } from '../../../schemas/finding.ts'

/** Everything a rule needs beside its logic. */
export const TEXT = {
  version: 1,
  title: 'A rule of a test',
  severity: { allowed: 'high', denied: 'low' },
  why: 'It shows what the engine does.',
  falsePositives: ['none'],
  blindSpots: ['none'],
  triage: ['none'],
  refs: ['none'],
  config: z.object({}),
  examples: { match: [example('none', sample('tool.call'))], noMatch: [example('none', sample('tool.call'))] },
} as const

export const engineOf = (rules: readonly unknown[], stateRows = 100, more: object = {}): Engine =>
  createEngine(assemble(rules as AnyRule[]), { stateRows, ...more })
type Words = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
/** A call by alice at `ts` milliseconds. */
export const call = (ts: number, words: Words = {}): Sample =>
  sample('tool.call', { ts, principal: 'alice', tool: 'read', decision: 'deny', ...words })
export const feed = (engine: Engine, ...samples: readonly Sample[]): Finding[] =>
  exampleEvents(samples).flatMap((event) => engine.apply(event))
export const saws = (findings: readonly Finding[]): string[] => findings.map(({ saw }) => saw)
