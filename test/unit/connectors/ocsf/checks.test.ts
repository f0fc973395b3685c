// The checks that the official export leaves out refuse what they are for, and let good events pass.
import { describe, expect, it } from 'vitest'
import { OCSF_VERSIONS } from '../../../../connectors/ocsf/vocabulary.ts'
import { faultsOf } from './checks.ts'
import { CLASS_NAMES, called, fixture, hasFixtures, schemaFaults, validatorOf, WHY_SKIPPED } from './fixtures.ts'

type Fields = Record<string, unknown>
interface Broken {
  readonly class: string
  readonly name: string
  readonly event: Fields
}

describe.skipIf(!hasFixtures)(`OCSF events of others${WHY_SKIPPED}`, () => {
  describe.each(OCSF_VERSIONS.map((version) => [called(version), version] as const))('%s', (_, version) => {
    const broken = hasFixtures ? (fixture(`bad.${version}.json`) as readonly Broken[]) : []
    it.each(broken.map((each) => [`${each.class}: ${each.name}`, each] as const))('refuses %s', (_name, each) => {
      const isValid = validatorOf(version, each.class)(each.event)
      expect([isValid, faultsOf(each.event).length].some((answer) => answer === false || Number(answer) > 0)).toBe(true)
      expect(isValid && faultsOf(each.event).length === 0).toBe(false)
    })
    it('has 41 broken ones', () => {
      expect(broken).toHaveLength(41)
    })
    it.each(Object.values(CLASS_NAMES))('lets the good %s pass', (className) => {
      const event = fixture(`${className}.${version}.good.json`) as Fields
      expect(schemaFaults(version, event)).toEqual([])
      // The fixture itself calls 6 OpenID, which is 4: caption and id of its authentication contradict each other.
      const known = className === 'authentication' ? ['auth_protocol_id is 6, and auth_protocol says OpenID'] : []
      expect(faultsOf(event)).toEqual(known)
    })
  })

  const good = hasFixtures ? (fixture('api_activity.1.8.0.good.json') as Fields) : {}
  const metadata = (good['metadata'] ?? {}) as { readonly profiles?: readonly string[] }
  it.each<[string, Fields, string]>([
    ['a sum that is wrong', { type_uid: 600_303 }, 'type_uid is not'],
    ['a time before 1970', { time: -1 }, 'time is no time'],
    ['a version that is none', { metadata: { ...metadata, version: 'latest' } }, 'metadata.version'],
    ['a profile nobody knows', { metadata: { ...metadata, profiles: [...(metadata.profiles ?? []), 'x'] } }, 'x'],
    ['an attribute without its profile', { metadata: { ...metadata, profiles: [] } }, 'without the profile trace'],
    ['99 without a name', { activity_id: 99, type_uid: 600_399, activity_name: undefined }, '99 without'],
    ['a status that contradicts its id', { status: 'Failure' }, 'status contradicts'],
    ['an activity that contradicts its id', { activity_name: 'Create' }, 'activity_name contradicts'],
    ['a severity that contradicts its id', { severity: 'High' }, 'severity_id is 1'],
    ['an address that is none', { src_endpoint: { ip: 'not.an.address' } }, 'src_endpoint.ip is no address'],
    ['an empty object', { http_request: {} }, 'http_request is empty'],
    ['an empty list', { resources: [] }, 'resources is empty'],
    ['an empty text', { message: '' }, 'message is empty'],
    ['half a character', { message: '\ud800' }, 'not well-formed'],
    ['an end before the start', { start_time: 2, end_time: 1 }, 'is after end_time'],
    ['an observable that points nowhere', { observables: [{ name: 'actor.nobody', type_id: 10 }] }, 'points nowhere'],
    [
      'an observable with another value',
      { observables: [{ name: 'api.operation', type_id: 99, type: 'x', value: 'other' }] },
      'not what stands there',
    ],
  ])('finds %s, which the schema alone lets pass', (_, change, fault) => {
    const event = JSON.parse(JSON.stringify({ ...good, ...change })) as Fields
    expect(schemaFaults('1.8.0', event)).toEqual([])
    expect(faultsOf(event).join('; ')).toContain(fault)
  })
})
