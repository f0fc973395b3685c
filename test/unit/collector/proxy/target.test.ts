// Where requests go, and with which headers.
import { describe, expect, it } from 'vitest'
import { endToEnd } from '../../../../collector/proxy/end-to-end.ts'
import { type Addressing, requestHeaders, targetOf } from '../../../../collector/proxy/target.ts'

const addressing: Addressing = {
  target: targetOf('https://mcp.example/mcp'),
  own: () => ({ port: 8080, hosts: new Set(['localhost', '127.0.0.1', '::1']) }),
  keepHost: false,
  forwarding: 'pass',
}
const headersOf = (rawHeaders: string[], method = 'GET', more: Partial<Addressing> = {}) =>
  requestHeaders({ ...addressing, ...more }, { rawHeaders, method, address: '::ffff:10.0.0.9', isTls: true })

describe('targetOf', () => {
  it.each([
    ['http://127.0.0.1:3000/mcp', { isTls: false, host: '127.0.0.1', port: 3000, authority: '127.0.0.1:3000' }],
    ['https://mcp.example', { isTls: true, host: 'mcp.example', port: 443, authority: 'mcp.example' }],
    ['http://[::1]', { isTls: false, host: '::1', port: 80, authority: '[::1]' }],
  ])('%s', (url, target) => {
    expect(targetOf(url)).toEqual(target)
  })
  it.each(['mcp.example:80', 'ftp://mcp.example', '', '/mcp', 'https://user:secret@mcp.example'])(
    '%s is refused',
    (url) => {
      expect(() => targetOf(url)).toThrow(/^proxy: --target: /)
      expect(() => targetOf(url)).not.toThrow(/secret/)
    },
  )
})

describe('headers', () => {
  it('of one connection stay behind, and those that Connection names, but not the length of the body', () => {
    const raw = [
      'Connection',
      'X-Hop, Content-Length',
      'X-Hop',
      '1',
      'content-length',
      '3',
      'Keep-Alive',
      'x',
      'UPGRADE',
      'h2c',
    ]
    expect(endToEnd([...raw, 'Proxy-Authorization', 'Basic x', 'Accept', '*/*', 'accept', 'a'])).toEqual([
      'content-length',
      '3',
      'Accept',
      '*/*',
      'accept',
      'a',
    ])
  })
  it('say that there is a body, and that there is none', () => {
    expect(headersOf(['Host', 'x', 'Transfer-Encoding', 'chunked'], 'DELETE')).toEqual([
      'Host',
      'x',
      'Transfer-Encoding',
      'chunked',
    ])
    expect(headersOf(['Host', 'x'], 'POST')).toEqual(['Host', 'x', 'Content-Length', '0'])
    expect(headersOf(['Host', 'x'])).toEqual(['Host', 'x'])
  })
  it.each([
    ['localhost:8080', 'mcp.example'],
    ['[::1]:8080', 'mcp.example'],
    ['localhost:9', 'localhost:9'],
    ['localhost', 'localhost'],
    ['evil.example:8080', 'evil.example:8080'],
    ['a b', 'a b'],
    ['', ''],
  ])('Host %s is %s for the target', (given, expected) => {
    expect(headersOf(['host', given])[1]).toBe(expected)
    expect(headersOf(['host', given], 'GET', { keepHost: true })[1]).toBe(given)
  })
  it('continue what was forwarded only where that is asked for', () => {
    expect(headersOf(['Host', 'a', 'X-Forwarded-For', '1.1.1.1'])).toEqual(['Host', 'a', 'X-Forwarded-For', '1.1.1.1'])
    expect(headersOf(['Host', 'a', 'X-Forwarded-For', '1.1.1.1'], 'GET', { forwarding: 'add' })).toEqual([
      'Host',
      'a',
      'X-Forwarded-For',
      '1.1.1.1, 10.0.0.9',
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'a',
    ])
  })
})
