// What the seven rules say: severities and words that the catalogue asks for, beyond matching or not.
import { describe, expect, it } from 'vitest'
import { minutes } from '../../../detectors/rule.ts'
import { sample } from '../../../detectors/sample.ts'
import { definitionOf, shows } from '../../../detectors/sample-registry.ts'
import { cellsIn, engineFor, eventsOf, rulesFor, run } from '../../../detectors/trial.ts'
import { RULES } from '../../rule-runs.ts'

const findings = (id: string, name: string) => {
  const rule = RULES.find((each) => each.id === id)!
  const example = [...rule.examples.match, ...rule.examples.noMatch].find((each) => each.name === name)
  if (example === undefined) throw new Error(`${id} has no example ${name}`)
  return run(rule, example)
}
const severities = (id: string, name: string) => findings(id, name).map(({ severity }) => severity)

describe('severity follows the verdict', () => {
  it.each([
    ['tok-001-audience-mismatch', 'a Graph token is accepted by an HR server', ['critical']],
    ['tok-001-audience-mismatch', 'the same is refused: a probe', ['low']],
    ['tok-011-unverified-request', 'a tool answers although no token was seen', ['critical']],
    ['scp-002-scope-creep', 'an admin scope appears with no challenge', ['high']],
    ['scp-002-scope-creep', 'a plain scope appears with no challenge', ['medium']],
    ['ses-001-session-reuse', 'bob speaks in the session of alice', ['critical']],
    ['ses-001-session-reuse', 'bob is refused', ['medium']],
    ['ses-001-session-reuse', 'the same person from another client', ['medium']],
    ['ses-001-session-reuse', 'a service that acts for the owner', ['low']],
    ['ses-001-session-reuse', 'the request turns out worse than its token told', ['medium', 'critical']],
    ['ses-002-handle-reuse', 'bob adds to the basket of alice', ['high']],
    ['ses-002-handle-reuse', 'the result of her task is handed to bob', ['critical']],
    ['ses-002-handle-reuse', 'unknown handles, when asked for', ['medium']],
    ['tdf-001-definition-changed', 'an order, and the build is the same', ['critical']],
    ['tdf-001-definition-changed', 'it hides and returns', ['high', 'high', 'critical']],
    ['tdf-001-definition-changed', 'wider, it hides and returns', ['medium', 'high', 'high']],
    ['tdf-002-tool-set-changed', 'it comes again', ['info', 'medium']],
  ])('%s: %s is %j', (id, name, expected) => {
    expect(severities(id, name)).toEqual(expected)
  })
})

describe('the words of a finding', () => {
  it('tell how long a rejected definition was shown', () => {
    const saws = findings('tdf-001-definition-changed', 'it hides and returns').map(({ saw }) => saw)
    expect(saws).toEqual([
      'description changed (injected): injection.secret_path',
      'a rejected definition is hidden again, after 60000 ms',
      'a rejected definition returns: description (injected)',
    ])
  })
  it('name what was renamed', () => {
    expect(findings('tdf-002-tool-set-changed', 'a renamed tool')[0]?.saw).toContain('read_file became readFile')
    expect(findings('tdf-001-definition-changed', 'the same text under another name')[0]?.saw).toContain(
      'read_file under another name',
    )
  })
})

describe('bounds of cells', () => {
  it('a history of hundreds of definitions and approvals stays below 4 KB and still knows a rejected one', () => {
    const rule = RULES.find(({ id }) => id === 'tdf-001-definition-changed')!
    const many = Array.from({ length: 300 }, (_, i) => ({
      description: `text ${i}`,
      fields: Array.from({ length: 256 }, (_, f) => `field_${f}`),
      hints: ['readOnlyHint=true', 'destructiveHint=false', 'openWorldHint=true', 'idempotentHint=true'],
      verdicts: Array.from({ length: i === 0 ? 0 : 64 }, (_, v) => `injection.kind_${v}=malicious`),
    }))
    const events = many.flatMap((words, i) => [
      shows(2 * i, [words]),
      sample('tool.approved', {
        ts: minutes(2 * i + 1),
        tool: 'read_file',
        approvedHash: definitionOf({ description: `other ${i}` }).hash,
      }),
    ])
    const engine = engineFor(rulesFor(rule, { name: 'long', events }))
    for (const event of eventsOf({ name: 'long', events })) engine.apply(event)
    expect(Math.max(...cellsIn(engine).map((cell) => cell.length))).toBeLessThan(4_096)
    const found = run(rule, { name: 'long', events: [...events, shows(700, [many[299]!]), shows(701, [many[298]!])] })
    expect(found.at(-1)).toMatchObject({
      severity: 'critical',
      saw: 'a rejected definition returns: description (injected)',
    })
  })
})
