// What the edge reads from the head of a request: credentials by place, the source address by trust, the family of the caller.
import { describe, expect, it } from 'vitest'
import {
  credentialsOf,
  fetchHead,
  type HttpHead,
  sourceAddressOf,
  userAgentFamilyOf,
} from '../../../../collector/instrument/edge/http-head.ts'

const head = (headers: Record<string, string>, target = '/mcp', address?: string): HttpHead => ({
  verb: 'POST',
  target,
  header: (name) => headers[name],
  headerNames: () => Object.keys(headers),
  address,
  tlsVersion: '',
  certificate: () => undefined,
})
const placed = (headers: Record<string, string>, target?: string, body?: unknown, tickets: string[] = []) => {
  const { location, parameter, places } = credentialsOf(head(headers, target), body, tickets)
  return { location, parameter, places }
}

describe('credentials', () => {
  it.each([
    ['/mcp?access_token=x', 'access_token'],
    ['/mcp?a=1&API-Key=x', 'API-Key'],
    ['/mcp?token', 'token'],
    ['/mcp?id_token=x#access_token', 'id_token'],
  ])('%s is a credential in the query', (target, parameter) => {
    expect(placed({}, target)).toEqual({ location: 'query', parameter, places: ['query'] })
  })

  it.each([
    '/mcp?token_type=x',
    '/mcp?sessionId=x',
    '/mcp?tokenCount=3',
    '/mcp#token=x',
    '/mcp?',
    '/mcp?=&%=%zz',
    '/token',
  ])('%s has none', (target) => {
    expect(placed({}, target).location).toBe('none')
  })

  it('the riskiest place is named, and every place when there are several', () => {
    const everywhere = {
      authorization: 'DPoP abc',
      'x-api-key': 'k',
      cookie: 'theme=dark; __Host-session=s',
      'content-type': 'application/x-www-form-urlencoded',
    }
    expect(placed(everywhere, '/mcp?jwt=x', { access_token: 'x' })).toEqual({
      location: 'query',
      parameter: 'jwt',
      places: ['authorization', 'x-api-key', 'query', 'body', 'cookie'],
    })
    expect(placed(everywhere, '/mcp', {}).location).toBe('header')
    expect(placed({ cookie: 'connect.sid=s%3Ax' }).location).toBe('cookie')
    expect(placed({ cookie: 'theme=dark; lang=en; _ga=1' }).location).toBe('none')
  })

  it('a ticket by design is none, and a JSON body carries none', () => {
    expect(placed({}, '/sse?token=x', undefined, ['token']).location).toBe('none')
    expect(placed({ 'content-type': 'application/json' }, '/mcp', { access_token: 'x' }).location).toBe('none')
  })

  it('the scheme is lower case, and an odd header breaks nothing', () => {
    for (const [authorization, scheme] of [
      ['BEARER x', 'bearer'],
      ['   ', undefined],
      ['x'.repeat(100_000), 'other'],
    ] as const)
      expect(credentialsOf(head({ authorization }), null, []).scheme).toEqual(scheme)
  })

  it('a token that stands alone, or where the scheme belongs, is no scheme', () => {
    const of = (authorization: string) => credentialsOf(head({ authorization }), null, [])
    expect(of('hunter2')).toMatchObject({ scheme: 'other', token: 'hunter2' })
    expect(of('hunter2 hunter3')).toMatchObject({ scheme: 'other', token: 'hunter3' })
    expect(of('Bearer')).toMatchObject({ scheme: 'bearer', token: undefined })
  })
})

describe('source address', () => {
  const of = (forwarded: string | undefined, hops: number, peer?: string) =>
    sourceAddressOf(head(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, '/', peer), hops)

  it('nobody is believed by default', () => {
    expect(of('6.6.6.6', 0, '::ffff:10.0.0.1')).toBe('10.0.0.1')
    expect(of('6.6.6.6', 0)).toBeUndefined()
  })

  it('hops are counted from the socket; what the caller wrote before them does not count', () => {
    expect(of('6.6.6.6, 198.51.100.7', 1, '10.0.0.1')).toBe('198.51.100.7')
    expect(of('6.6.6.6, 198.51.100.7, 10.0.0.2', 2, '10.0.0.1')).toBe('198.51.100.7')
    expect(of('198.51.100.7:443', 1, '10.0.0.1')).toBe('198.51.100.7')
    expect(of('[2001:db8::1]:443', 1, '10.0.0.1')).toBe('2001:db8::1')
    expect(of('198.51.100.7', 1)).toBe('198.51.100.7')
  })

  it('more hops than entries, and entries that are no address, leave the peer or the first', () => {
    expect(of(undefined, 3, '10.0.0.1')).toBe('10.0.0.1')
    expect(of('unknown, <script>', 1, '10.0.0.1')).toBe('10.0.0.1')
    expect(of(`${'1.1.1.1,'.repeat(50_000)}2.2.2.2`, 1, '10.0.0.1')).toBe('2.2.2.2')
  })
})

describe('user agent', () => {
  it.each([
    ['python-httpx/0.27.2', 'python-httpx'],
    ['node', 'node'],
    ['Claude-User (claude-code/2.0; +https://x)', 'Claude-User'],
    ['Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/130.0 Safari/537.36', 'Chrome'],
    ['Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0', 'Edge'],
    ['Mozilla/5.0 Code/1.9 Chrome/128 Electron/32 Safari/537.36', 'Electron'],
    ['Mozilla/5.0 Version/17 Safari/605.1', 'Safari'],
    ['<script>alert(1)</script>', 'other'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefgh', 'other'],
  ])('%s is %s', (agent, family) => {
    expect(userAgentFamilyOf(head({ 'user-agent': agent }))).toBe(family)
  })

  it('none is none', () => {
    expect(userAgentFamilyOf(head({}))).toBeUndefined()
  })
})

describe('a web Request', () => {
  it('gives path, query and headers, and knows no socket', () => {
    const read = fetchHead(new Request('https://a.example/mcp?token=x', { headers: { 'X-One': '1' } }), undefined)
    expect(read).toMatchObject({ verb: 'GET', target: '/mcp?token=x', tlsVersion: undefined, address: undefined })
    expect([read.header('x-one'), read.header('x-two'), [...read.headerNames()]]).toEqual(['1', undefined, ['x-one']])
  })
})
