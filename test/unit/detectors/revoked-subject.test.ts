/** A revocation stands under what was revoked, not under who told it. */
import { describe, expect, it } from 'vitest'
import { readersOf } from '../../../detectors/engine/scope.ts'
import { viewOf } from '../../../detectors/engine/view.ts'
import { exampleEvents, idOf, sample } from '../../../detectors/sample.ts'

const told = { principal: 'admin', client: 'console' }
const viewFor = (subjectKind: 'principal' | 'token' | 'client' | '') =>
  viewOf(
    exampleEvents([sample('identity.revoked', { ...told, subjectKind, subjectKey: idOf('x'), feed: 'admin' })])[0]!,
  )
const keysOf = (kind: Parameters<typeof viewFor>[0]) =>
  (['fleetPrincipal', 'fleetToken', 'fleetClient', 'token', 'caller'] as const).map((scope) =>
    readersOf(scope)
      .map((read) => read(viewFor(kind)))
      .at(-1),
  )

describe('a revocation', () => {
  it('of a principal, a token or a client has the key of its kind alone', () => {
    const x = idOf('x')
    expect(keysOf('principal')).toEqual([x, '', '', '', x])
    expect(keysOf('token')).toEqual(['', x, '', x, ''])
    expect(keysOf('client')).toEqual(['', '', x, '', ''])
  })
  it('of an unknown kind has none', () => expect(keysOf('')).toEqual(['', '', '', '', '']))
  it('keeps its other words', () => {
    expect(viewFor('token')).toMatchObject({ type: 'identity.revoked', feed: 'admin', subjectKind: 'token' })
    expect(viewFor('token').says('tokenFp')).toBe(true)
    expect(viewFor('token').says('principal')).toBe(false)
  })
})
