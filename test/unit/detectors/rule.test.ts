// The contract: what a rule did not require does not compile, and what it reads is never absent.
import { describe, expect, it } from 'vitest'
import { type View, viewOf } from '../../../detectors/engine/view.ts'
import { MAPPINGS } from '../../../detectors/engine/vocabulary.ts'
import { days, defineRule } from '../../../detectors/rule.ts'
import { exampleEvents, sample } from '../../../detectors/sample.ts'
import { engineOf, feed, saws, TEXT } from './small-rules.ts'

describe('the contract', () => {
  it('lets a rule read the envelope and what it requires, and nothing else', () => {
    const rule = defineRule({
      ...TEXT,
      id: 'syn-030-reads',
      requires: { 'tool.call': ['tool'], 'tool.result': ['bytes'] },
      per: 'server',
      ttl: days(1),
      count: () => ({
        where: (e) => e.type === 'tool.call' && e.tool !== '' && e.decision !== 'deny',
        atLeast: 1,
        within: 1,
        // @ts-expect-error principal is not required
        found: (e) => ({ saw: `${e.principal}` }),
      }),
    })
    expect(saws(feed(engineOf([rule]), sample('tool.call', { tool: 't', principal: 'alice' })))).toEqual(['616c696365'])
  })
  it('refuses a field that the type does not have, and a scope that does not exist', () => {
    const wrong = {
      // @ts-expect-error a call has no scopes
      field: () => defineRule({ ...TEXT, id: 'syn-031-a', requires: { 'tool.call': ['scopes'] }, check: {} }),
      // @ts-expect-error there is no such scope
      scope: () => defineRule({ ...TEXT, id: 'syn-032-b', requires: { 'tool.call': [] }, per: 'galaxy', check: {} }),
    }
    expect(() => engineOf([wrong.scope()])).toThrow(/nothing handles it|no such scope/)
  })
})

describe('a view', () => {
  it('fills what is absent with the empty value of its kind', () => {
    const [event] = exampleEvents([sample('auth.token.validated')])
    const view = viewOf(event!) as View & Record<string, unknown>
    expect([view['scopes'], view['iss'], view['expAt'], view['keyKnown'], view.principal, view['hop']]).toEqual([
      [],
      '',
      0,
      false,
      '',
      '',
    ])
    expect([view.says('scopes'), view.says('tenant')]).toEqual([false, true])
    expect(view.ts).toBe(Date.parse(event!.eventTime))
  })
  it('reads every word by its wire field', () => {
    const wire: Record<string, unknown> = {
      eventType: 'tool.call',
      eventId: 'x',
      eventTime: '2026-01-01T00:00:00Z',
      serverId: 's',
    }
    for (const { name, field } of MAPPINGS.values()) if (!['id', 'server'].includes(name)) wire[field] = `of ${name}`
    const view = viewOf(wire as never) as unknown as Record<string, unknown>
    for (const { name } of MAPPINGS.values())
      if (!['id', 'server'].includes(name)) expect(view[name], name).toBe(`of ${name}`)
  })
})
