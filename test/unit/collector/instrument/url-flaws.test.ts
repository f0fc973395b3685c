/** Flaws of a URL that a server hands to a person, and what is none. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { urlFlaws } from '../../../../collector/instrument/messages/url-flaws.ts'

it.each([
  ['https://pay.example/elicit?state=9f2c&id=77', []],
  ['https://pay.example/tokens/pricing', []],
  ['https://pay.example/?token=', []],
  ['http://localhost:8080/consent', ['loopback_address']],
  ['http://pay.example/', ['not_https']],
  ['http://10.0.0.8/', ['not_https', 'private_address']],
  ['https://169.254.169.254/latest', ['private_address']],
  ['https://[fd00::1]/', ['private_address']],
  ['https://vault.internal/', ['private_address']],
  ['https://internal.example.com/', []],
  ['https://alice:pw@pay.example/', ['userinfo']],
  ['https://pay.example@evil.example/', ['userinfo']],
  ['https://pay.example/?access_token=abc', ['credential']],
  ['https://pay.example/#id_token=abc', ['credential']],
  ['https://pay.example/in?next=eyJhbGciOi.eyJzdWIiOi.sig', ['credential']],
  ['https://pay.example/eyJhbGciOi.eyJzdWIiOi.sig', ['credential']],
  ['https://xn--pypal-4ve.example/', ['punycode']],
  ['javascript:alert(1)', ['javascript']],
  ['data:text/html,x', ['javascript']],
  ['not a url', ['unparsable']],
  [`https://a.example/${'x'.repeat(20_000)}`, ['too_long']],
])('%s: %j', (url, expected) => {
  expect(urlFlaws(url)).toEqual(expected)
})
it('has an answer of short words for any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true, withFragments: true })), (url) => {
      for (const flaw of urlFlaws(url)) expect(flaw).toMatch(/^[a-z_]{4,20}$/)
    }),
  )
})
