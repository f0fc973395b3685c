// Requests of a server to its own network.
import { expect, it } from 'vitest'
import { inwardSeverity } from '../../../../detectors/content/inward-request.ts'

const grade = (ipClass: string, more: object = {}, known: readonly string[] = []) => {
  const e = {
    destinationHost: 'a.example',
    ipClass,
    argumentMatch: false,
    redirects: 0,
    redirectHosts: [] as string[],
    transport: 'http',
    says: () => true,
    ...more,
  }
  return inwardSeverity(e, (host) => known.includes(host))
}
const named = { argumentMatch: true }
const local = { ...named, transport: 'stdio' }

it.each([
  ['public', named, undefined],
  ['unknown', named, undefined],
  ['', named, undefined],
  ['private', {}, undefined],
  ['loopback', {}, undefined],
  ['link_local', {}, 'low'],
  ['link_local', { says: () => false }, 'high'],
  ['link_local', { redirects: 1 }, 'high'],
  ['link_local', named, 'high'],
  ['link_local', local, 'high'],
  ['private', named, 'high'],
  ['private', local, 'medium'],
  ['loopback', named, 'medium'],
  ['loopback', local, undefined],
  ['private', { redirects: 1 }, 'medium'],
  ['private', { ...named, redirects: 1 }, 'high'],
  ['private', { ...local, redirects: 1 }, 'high'],
  ['loopback', { ...local, redirects: 1 }, 'medium'],
  ['loopback', { ...named, redirects: 1 }, 'high'],
] as const)('%s %o is %s', (ipClass, more, expected) => expect(grade(ipClass, more)).toBe(expected))

it('a way on which every host is declared leads nowhere', () => {
  const moved = { ...named, redirects: 1, redirectHosts: ['b.example'] }
  expect(grade('private', moved, ['a.example', 'b.example'])).toBeUndefined()
  expect(grade('private', moved, ['a.example'])).toBe('high')
  expect(grade('link_local', named, ['a.example'])).toBeUndefined()
})
it('of a way of a hundred hosts nobody is sure', () => {
  const redirectHosts = Array.from({ length: 100 }, () => 'a.example')
  expect(grade('private', { ...named, redirects: 100, redirectHosts }, ['a.example'])).toBe('high')
})
