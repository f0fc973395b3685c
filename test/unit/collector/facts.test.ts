// Facts: each type by its fields, inventories of any length in parts that rules take whole, people by keyed hash, faults by field.
import { describe, expect, it } from 'vitest'
import { readFacts } from '../../../collector/facts.ts'
import type { Fingerprint } from '../../../collector/foreign.ts'
import { Inventories } from '../../../detectors/engine/inventory.ts'
import type { AuditEvent } from '../../../schemas/event.ts'

const caller = { tenant: 'acme', producer: 'ops', claimed: false, governs: true }
const atMs = Date.UTC(2026, 10, 24)
const fingerprint = Object.assign(
  (purpose: string, text: string) => Buffer.from(`${purpose} ${text}`).toString('hex'),
  {
    stamped: <E>(event: E) => event,
  },
) as unknown as Fingerprint
const read = (...records: unknown[]) => readFacts(records, { caller, atMs, fingerprint })
const events = (...records: unknown[]) => read(...records).candidates as AuditEvent[]
const fault = (record: unknown) => read(record).refused.map(({ field, reason }) => `${field}: ${reason}`)

describe('a fact', () => {
  it('is about all servers unless it names one, and happens now unless it says when', () => {
    expect(events({ type: 'deployment.event', deployedClient: 'ide' })).toMatchObject([
      { eventType: 'deployment.event', serverId: '*', deployedClient: 'ide', eventTime: '2026-11-24T00:00:00.000Z' },
    ])
    const [event] = events({
      type: 'tool.approved',
      server: 'files',
      tool: 'read',
      time: '2026-11-23T10:00:00Z',
      approvedHash: 'ab',
    })
    expect(event).toMatchObject({
      serverId: 'files',
      toolName: 'read',
      eventTime: '2026-11-23T10:00:00Z',
      source: 'ingest',
    })
  })
  it('names a person as the identity provider does, and only the keyed hash of both goes on', () => {
    const revoked = { type: 'identity.revoked', subjectKind: 'principal', issuer: 'https://idp', subject: 'alice' }
    const [event] = events(revoked)
    expect(event).toMatchObject({ subjectKey: Buffer.from('principals https://idp\u0000alice').toString('hex') })
    expect(JSON.stringify(event)).not.toContain('alice')
    expect(readFacts([revoked], { caller, atMs }).refused).toMatchObject([
      { field: 'subject', reason: expect.stringContaining('MCP_AUDIT_KEY') },
    ])
  })
  it.each([
    [{ type: 'tool.call' }, 'type: must be one of'],
    ['text', ': must be an object'],
    [null, ': must be an object'],
    [{ type: 'deployment.event', newBuildDigst: 'b2' }, 'newBuildDigst: deployment.event has no such field'],
    [{ type: 'deployment.event', server: 'a', serverId: 'b' }, 'serverId: and serverId are the same'],
    [{ type: 'deployment.event', runId: 7 }, 'runId: '],
    [{ type: 'deployment.event', issuer: 'x', subject: 'y' }, 'subject: deployment.event is about nobody'],
    [{ type: 'inventory.snapshot', tags: { read: [7] } }, 'tags.read: must be texts'],
    [{ type: 'inventory.snapshot', inventoryKind: 'cars' }, 'inventoryKind: '],
  ])('%j is refused with its field', (record, reason) => {
    expect(fault(record).join()).toContain(reason)
    expect(events(record, { type: 'advisory.event', advisory: 'CVE-2026-1' })).toHaveLength(1)
  })
})

describe('an inventory', () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `server-${i}`)
  it('of any length is taken whole, in parts', () => {
    const all = events({
      ...{ type: 'inventory.snapshot', inventoryKind: 'servers', complete: true, approved: names(700) },
      tags: { 'server-1': ['production', 'pci'], 'a=b': ['odd'] },
    })
    expect(all).toHaveLength(3)
    const inventories = new Inventories()
    for (const event of all) inventories.note({ ...event, tenant: 'acme' })
    const inventory = inventories.of('acme')
    expect(inventory.listingOf('servers', 'x', 'server-699')).toBe('approved')
    expect(inventory.listingOf('servers', 'x', 'server-700')).toBe('unlisted')
    expect(inventory.tagsOf('servers', 'x', 'server-1')).toEqual(['production', 'pci'])
    expect(inventory.tagsOf('servers', 'x', 'a=b')).toEqual(['odd'])
    expect(inventories.of('other').listingOf('servers', 'x', 'server-1')).toBe('')
  })
  it('of which a part is missing leaves the one before in force', () => {
    const inventories = new Inventories()
    const feed = (all: readonly AuditEvent[]) =>
      all.forEach((event) => void inventories.note({ ...event, tenant: 'acme' }))
    const snapshot = (approved: readonly string[]) =>
      events({ type: 'inventory.snapshot', inventoryKind: 'servers', complete: true, approved })
    feed(snapshot(['old']))
    const [first, , last] = snapshot(names(700))
    feed([first!, last!])
    expect(inventories.of('acme').listingOf('servers', 'x', 'old')).toBe('approved')
    const again = new Inventories()
    again.restore(inventories.snapshot())
    expect(again.of('acme').listingOf('servers', 'x', 'old')).toBe('approved')
    expect(again.snapshot()).toEqual(inventories.snapshot())
  })
  it('of one server stands beside that of all', () => {
    const inventories = new Inventories()
    for (const server of ['*', 'files'])
      for (const event of events({
        type: 'inventory.snapshot',
        server,
        inventoryKind: 'tools',
        approved: ['read'],
        tags: { read: [server], 'files/write': ['w'] },
      }))
        inventories.note({ ...event, tenant: 'acme' })
    const inventory = inventories.of('acme')
    expect(inventory.tagsOf('tools', 'files', 'read')).toEqual(['files', '*'])
    expect(inventory.tagsOf('tools', 'files', 'write')).toEqual(['w'])
    expect(inventory.tagsOf('tools', 'mail', 'write')).toEqual([])
    // Neither list says that it is complete.
    expect(inventory.listingOf('tools', 'files', 'delete')).toBe('')
  })
})
