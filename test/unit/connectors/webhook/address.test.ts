/** Which hosts and addresses an alert may go to. */
import { describe, expect, it } from 'vitest'
import { addressDenied, urlDenied } from '../../../../connectors/webhook/address.ts'

const DENIED = [
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '0.1.2.3',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '198.18.0.1',
  '192.0.0.8',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:a9fe:a9fe',
  '::ffff:0:10.0.0.1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12:3456::1',
  'fec0::1',
  'ff02::1',
  '64:ff9b::a00:1',
  '64:ff9b:1::a00:1',
  '2002:a00:1::',
  '2001::1',
  '2001:db8::1',
  '100::1',
  '3fff::1',
  '5f00::1',
  '2001:2::1',
  '2001:20::1',
  'localhost',
  '',
  '1.2.3',
  '0x7f.1',
]
const SHUT_EVEN_WITH_PRIVATE = [
  '169.254.169.254',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  'fe80::1',
  '::',
  'ff02::1',
  '::ffff:169.254.169.254',
  '64:ff9b::a9fe:a9fe',
]

describe('addresses', () => {
  it.each(DENIED)('%s is refused', (address) => {
    expect(addressDenied(address, false)).toBeTypeOf('string')
  })
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is allowed', (address) => {
    expect(addressDenied(address, false)).toBeUndefined()
  })
  it.each(['127.0.0.1', '10.0.0.1', '192.168.1.1', '100.64.0.1', '::1', 'fd12::1', '::ffff:127.0.0.1'])(
    '%s is allowed where private targets are',
    (address) => {
      expect(addressDenied(address, true)).toBeUndefined()
    },
  )
  it.each(SHUT_EVEN_WITH_PRIVATE)('%s stays refused where private targets are allowed', (address) => {
    expect(addressDenied(address, true)).toBeTypeOf('string')
  })
})

describe('URLs', () => {
  it.each([
    'https://2130706433/',
    'https://017700000001/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://127.1/',
    'https://0/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://169.254.169.254/latest',
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://①②⑦.0.0.1/',
    'http://hooks.example/',
    'ftp://hooks.example/',
    'file:///etc/passwd',
    'https://user@hooks.example/',
    'https://user:pass@hooks.example/',
    'gopher://127.0.0.1:25/',
    'unix:/run/docker.sock',
  ])('%s is refused', (url) => {
    expect(urlDenied(new URL(url), false)).toBeTypeOf('string')
  })
  it('a public https host passes, plain http only where private targets are allowed', () => {
    expect(urlDenied(new URL('https://hooks.example/x'), false)).toBeUndefined()
    expect(urlDenied(new URL('http://127.0.0.1:8080/x'), true)).toBeUndefined()
  })
})
