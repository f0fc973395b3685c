/** Foreign session ids are hashed with the producers' keys, which rotate, or left out. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { foreignKeys } from '../../../cli/foreign-keys.ts'
import { hashesOf } from '../../../collector/instrument/keys/keys.ts'

const KEY = 'ab'.repeat(32)
const folder = mkdtempSync(join(tmpdir(), 'foreign-keys-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('gives a foreign session the hash our own producers give it, and an address another', () => {
  const fingerprint = foreignKeys({ MCP_AUDIT_KEY: KEY }).fingerprint!
  expect(fingerprint('sessions', 's-1')).toBe(hashesOf(KEY).handles.hash('s-1'))
  expect(fingerprint('addresses', 's-1')).not.toBe(fingerprint('sessions', 's-1'))
})
it('gives nothing without a key, and names a key that is none', () => {
  expect(foreignKeys({}).fingerprint).toBeUndefined()
  expect(() => foreignKeys({ MCP_AUDIT_KEY: 'short' })).toThrow(/MCP_AUDIT_KEY/)
  expect(() => foreignKeys({ MCP_AUDIT_KEYS: 'file:/nonexistent' })).toThrow(/MCP_AUDIT_KEYS/)
})
it('stamps an event with the version of its key, and with what its session was before a rotation', () => {
  const path = join(folder, 'keys.json')
  const other = 'cd'.repeat(32)
  writeFileSync(
    path,
    JSON.stringify([
      { version: 'a', key: KEY },
      { version: 'b', key: other },
    ]),
    { mode: 0o600 },
  )
  const keys = foreignKeys({ MCP_AUDIT_KEYS: `file:${path}`, MCP_AUDIT_KEY: 'ignored' })
  const sessionFp = keys.fingerprint!('sessions', 's-1')
  expect(keys.fingerprint!.stamped!({ sessionFp })).toEqual({
    sessionFp: hashesOf(other).handles.hash('s-1'),
    keyVersion: 'b',
    formerHashes: [`${sessionFp}=${hashesOf(KEY).handles.hash('s-1')}`],
  })
  keys.close()
})
