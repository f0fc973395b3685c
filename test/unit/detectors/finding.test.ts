/** Findings: what a rule says of hostile names always fits the store. */
import { expect, it } from 'vitest'
import { findingOf } from '../../../detectors/finding.ts'
import type { LoadedRule } from '../../../detectors/loaded-rule.ts'

it('a text that a rule cut in the middle of a character is well-formed in the finding', () => {
  const half = '👻'.slice(0, 1)
  const { saw, expected, evidence } = findingOf({
    rule: { id: 'x-001', version: 1, title: 'X', severity: 'low', inferred: false } as LoadedRule,
    tenant: 'default',
    key: ['srv'],
    entity: 'server=srv',
    view: undefined,
    match: { saw: `tool ${half}`, expected: half, evidence: { tool: half, tools: [half, '👻'], count: 2 } },
    atMs: 0,
  })
  expect([saw, expected]).toEqual(['tool \ufffd', '\ufffd'])
  expect(evidence).toEqual({ tool: '\ufffd', tools: ['\ufffd', '👻'], count: 2 })
})
