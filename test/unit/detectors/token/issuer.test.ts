/** Which issuers are the same, and what Entra issuers say. */
import { describe, expect, it } from 'vitest'
import { entraForm, isSameIssuer } from '../../../../detectors/token/issuer.ts'

const T = '11111111-aaaa-4aaa-8aaa-111111111111'
const v1 = `https://sts.windows.net/${T}/`
const v2 = `https://login.microsoftonline.com/${T}/v2.0`

describe('two issuers', () => {
  it.each([
    ['https://idp.example.com', 'https://idp.example.com/'],
    ['https://IDP.example.com/a', 'https://idp.example.com/a'],
    ['https://idp.example.com:443/', 'https://idp.example.com'],
    [v1, v2],
    [v2, v1],
    [v1, `https://sts.windows.net/${T.toUpperCase()}/`],
    [v2, 'https://login.microsoftonline.com/common/v2.0'],
    [v1, 'https://login.microsoftonline.com/{tenantid}/v2.0'],
    ['urn:idp', 'urn:idp'],
  ])('%s is %s', (a, b) => expect(isSameIssuer(a, b)).toBe(true))

  it.each([
    ['https://idp.example.com', 'http://idp.example.com'],
    ['https://idp.example.com', 'https://idp.example.com.evil.example'],
    ['https://idp.example.com', 'https://idp.example.com@evil.example'],
    ['https://idp.example.com/a', 'https://idp.example.com/A'],
    ['https://idp.example.com?x', 'https://idp.example.com'],
    [v1, v2.replace(T, T.replace('1', '2'))],
    ['https://evil.example/common/v2.0', 'https://login.microsoftonline.com/common/v2.0'],
    // Only what is trusted may stand for any tenant.
    ['https://login.microsoftonline.com/common/v2.0', v2],
    ['https://idp.example.com/%zz', 'https://idp.example.com/'],
    ['', 'https://idp.example.com'],
  ])('%s is not %s', (a, b) => expect(isSameIssuer(a, b)).toBe(false))
})

describe('an Entra issuer', () => {
  it('tells version and tenant, and other issuers tell nothing', () => {
    expect(entraForm(v1)).toEqual({ version: '1.0', tenant: T })
    expect(entraForm(v2)).toEqual({ version: '2.0', tenant: T })
    expect(entraForm('https://login.microsoftonline.com')).toEqual({ version: '2.0', tenant: '' })
    for (const each of ['https://constructor/x', 'x', '', 'https://evil.example/sts.windows.net'])
      expect(entraForm(each), each).toBeUndefined()
  })
})
