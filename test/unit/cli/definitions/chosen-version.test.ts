/** Which version of a tool a person means. */
import { describe, expect, it } from 'vitest'
import { chosen, lastChange, ofOneTool } from '../../../../cli/definitions/chosen-version.ts'
import type { Version } from '../../../../cli/definitions/versions.ts'

const version = (hash: string, day: number, inForce = false, tenant = 'default'): Version => ({
  tenant,
  server: 'files',
  tool: 'read_file',
  hash: hash.padEnd(64, '0'),
  firstSeen: `2026-01-0${day}T00:00:00Z`,
  lastSeen: `2026-01-0${day}T00:00:00Z`,
  inForce,
  findings: [],
  approval: 'none',
  approver: '',
  until: '',
})
const all = [version('abcdef1', 1), version('abcdef2', 2, true), version('c', 3)]

describe('a version', () => {
  it('is meant by its hash, by a beginning that is its own, or by a time', () => {
    expect(chosen(all, 'abcdef1').hash).toBe(all[0]!.hash)
    expect(chosen(all, all[2]!.hash)).toBe(all[2])
    expect(chosen(all, '2026-01-02T12:00:00Z')).toBe(all[1])
    expect(chosen(all, '2026-01-02T00:00:00Z')).toBe(all[1])
  })
  it.each([
    ['abcdef', 'several hashes'],
    ['0123456', 'no version'],
    ['abc', 'neither a hash'],
    ['2025-12-31T00:00:00Z', 'nobody had seen'],
  ])('is not meant by %s: %s', (which, why) => expect(() => chosen(all, which)).toThrow(why))
  it('of the last change is the one in force, with the one before it', () => {
    expect(lastChange(all)).toEqual([all[0], all[1]])
    expect(lastChange([all[0]!, all[2]!])).toEqual([all[0], all[2]])
    expect(() => lastChange([all[0]!])).toThrow('nothing to compare')
  })
  it('belongs to one tenant', () => {
    expect(ofOneTool(all, 'files', 'read_file')).toBe(all)
    expect(() => ofOneTool([], 'files', 'read_file')).toThrow('told of such a tool')
    expect(() => ofOneTool([...all, version('d', 1, false, 'acme')], 'files', 'read_file')).toThrow('default, acme')
  })
})
