// WWW-Authenticate is read as servers really write it, and nothing in it that is no scheme becomes one.
import { describe, expect, it } from 'vitest'
import { askedFor } from '../../../../collector/instrument/edge/www-authenticate.ts'

describe('askedFor', () => {
  it.each([
    [undefined, [], {}],
    ['', [], {}],
    ['Bearer', ['bearer'], {}],
    [
      'Bearer error="insufficient_scope", scope="a b", resource_metadata="https://x/.well-known/y?z=1"',
      ['bearer'],
      { error: 'insufficient_scope', scope: 'a b', resource_metadata: 'https://x/.well-known/y?z=1' },
    ],
    [
      'DPoP algs="ES256 PS256", error="use_dpop_nonce", Bearer',
      ['dpop', 'bearer'],
      { algs: 'ES256 PS256', error: 'use_dpop_nonce' },
    ],
    ['Basic realm="a\\"b, Bearer", Bearer realm=x', ['basic', 'bearer'], { realm: 'a"b, Bearer' }],
    ['bearer  ERROR = invalid_token', ['bearer'], { error: 'invalid_token' }],
    ['Negotiate oRQwEqADCgEBoQsGCSqGSIb3EgECAg==', ['negotiate'], {}],
    ['Bearer error="never closed', ['bearer'], {}],
    ['Bearer __proto__="x", constructor="y"', ['bearer'], { ['__proto__']: 'x', constructor: 'y' }],
  ])('%s', (header, schemes, parameters) => {
    const asked = askedFor(header)
    expect(asked.schemes).toEqual(schemes)
    for (const [name, value] of Object.entries(parameters)) expect(asked.parameters[name]).toBe(value)
  })

  it('is bounded, whatever comes', () => {
    for (const unit of ['a="', '"\\', 'Bearer ', ',,,', 'a= '])
      expect(askedFor(unit.repeat(100_000)).schemes.length).toBeLessThanOrEqual(1)
  })
})
