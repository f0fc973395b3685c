/** Foreign session ids are hashed with the producers' key, or left out. */
import { expect, it } from 'vitest'
import { foreignFingerprint } from '../../../cli/foreign-keys.ts'
import { hashesOf } from '../../../collector/instrument/keys.ts'

const KEY = 'ab'.repeat(32)

it('gives a foreign session the hash our own producers give it, and an address another', () => {
  const fingerprint = foreignFingerprint(KEY)!
  expect(fingerprint('sessions', 's-1')).toBe(hashesOf(KEY).handles.hash('s-1'))
  expect(fingerprint('addresses', 's-1')).not.toBe(fingerprint('sessions', 's-1'))
})
it('gives nothing without a key, and names a key that is none', () => {
  expect(foreignFingerprint(undefined)).toBeUndefined()
  expect(() => foreignFingerprint('short')).toThrow(/MCP_AUDIT_KEY/)
})
