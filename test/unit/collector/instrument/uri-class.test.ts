/** What a resource URI or a root reaches for: attacks in every spelling, and their near misses. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitsUriTemplate, rootClass, schemeOf, uriClass } from '../../../../collector/instrument/messages/uri-class.ts'

const none = () => false
const classOf = (uri: string, template?: string) =>
  uriClass(
    uri,
    (each) => each === 'file:///etc/motd',
    template === undefined ? none : (each) => fitsUriTemplate(template, each),
  )

describe('a resource URI', () => {
  it.each([
    'file:///srv/docs/../../etc/passwd',
    'docs://notes/..%2f..%2fsecret',
    'docs://notes/%2e%2e/%2e%2e/secret',
    'docs://notes/%252e%252e%252fsecret',
    'docs://notes/%25252e%25252e/secret',
    'file:///srv/..\\..\\windows\\win.ini',
    'docs://notes/%c0%ae%c0%ae/x',
    'docs://notes/．．/x',
    'docs://notes/....//....//x',
    'docs://read?path=../../x',
    'docs://notes/..;/admin',
    'docs://notes/a%00.png',
    '../relative',
    'docs://notes/%zz/%2e%2e/x',
  ])('climbs out of its folder: %s', (uri) => {
    expect(classOf(uri, 'docs://notes/{+path}')).toBe('traversal')
  })
  it.each([
    'file:///etc/passwd',
    'file:///home/alice/.ssh/id_rsa',
    'file:///srv/app/.env',
    'file:///srv/app/.env.production',
    'file:///proc/self/environ',
    'file:///c:/windows/system32/config/sam',
    'docs://notes/.aws/credentials',
    'docs://notes/%2eaws/credentials',
    '/etc/shadow',
    'file:///srv/tls/server.pem',
    'file:///run/secrets/token',
  ])('reaches for credentials or the system: %s', (uri) => {
    expect(classOf(uri, 'docs://notes/{+path}')).toBe('sensitive_path')
  })
  it.each([
    ['docs://notes/a..b', 'template'],
    ['docs://notes/v1...v2', 'template'],
    ['docs://notes/dev/readme', 'template'],
    ['docs://notes/environment', 'template'],
    ['docs://notes/100%25', 'template'],
    ['docs://other/a', 'unknown'],
    ['file:///srv/docs/a.md', 'unknown'],
    ['file:///etc/motd', 'registered'],
  ])('near miss: %s is %s', (uri, expected) => {
    expect(classOf(uri, 'docs://notes/{+path}')).toBe(expected)
  })
  it('has a scheme in lower case, and none where it is a bare path', () => {
    expect(['FILE:///x', 'docs+v2://x', '/x', '1x://y', ''].map(schemeOf)).toEqual([
      'file',
      'docs+v2',
      'none',
      'none',
      'none',
    ])
  })
  it('has a class whatever the text, in time that grows with its length alone', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 200 }), fc.webUrl(), fc.string({ unit: 'binary', maxLength: 200 })),
        (uri) => {
          expect(['traversal', 'sensitive_path', 'unknown']).toContain(uriClass(uri, none, none))
        },
      ),
    )
    expect(classOf(`docs://${'%2'.repeat(4_000)}`)).toBe('unknown')
    expect(classOf(`docs://${'../'.repeat(100_000)}`)).toBe('unknown')
  })
})

describe('a template', () => {
  it.each([
    ['users://{id}/profile', 'users://7/profile', true],
    ['users://{id}/profile', 'users://7/orders', false],
    ['users://{id}/orders/{order}', 'users://7/orders/9', true],
    ['users://{id}/orders/{order}', 'users://7/carts/9', false],
    ['static://a', 'static://a', true],
    ['static://a', 'static://b', false],
    ['a{x}aa', 'aaa', true],
    ['aa{x}aa', 'aaa', false],
    ['a{x}b{y}b', 'ab', false],
  ])('%s and %s: %s', (template, uri, expected) => {
    expect(fitsUriTemplate(template, uri)).toBe(expected)
  })
})

describe('a root', () => {
  it.each([
    ['file:///home/alice', 'home'],
    ['file:///Users/alice/', 'home'],
    ['file:///C:/Users/alice', 'home'],
    ['file:///home/alice/work/app', 'project'],
    ['file:///', 'system'],
    ['file:///etc', 'system'],
    ['file:///C:/Windows', 'system'],
    ['file:///usr/share/x', 'system'],
    ['file://fileserver/share', 'network'],
    ['file:////fileserver/share', 'network'],
    ['smb://nas/x', 'network'],
    ['https://example.com/x', 'network'],
    ['file://localhost/home/bob', 'home'],
    ['editor://workspace/1', 'other'],
    ['file:///etcetera', 'project'],
    ['', 'other'],
  ])('%s is %s', (uri, expected) => {
    expect(rootClass(uri)).toBe(expected)
  })
})
