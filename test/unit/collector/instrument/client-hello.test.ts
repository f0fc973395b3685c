/** client.hello in both eras, and what is said of session ids. */
import { afterEach, describe, expect, it } from 'vitest'
import { shutdownAudit } from '../../../../collector/instrument/index.ts'
import { HandedOutIds } from '../../../../collector/instrument/messages/handed-out-ids.ts'
import { RecentSet } from '../../../../collector/instrument/messages/recent-set.ts'
import { legacy, modern, SDKS } from './observed-servers.ts'

afterEach(() => shutdownAudit())

describe('client.hello', () => {
  it.each(SDKS)('of initialize has capabilities, extensions and the version asked for, %s', async (sdk) => {
    const capabilities = { roots: {}, sampling: { tools: {} }, extensions: { 'io.example/x': { a: 1 } } }
    const { open, of, valid } = await legacy(sdk, () => undefined, { capabilities })
    await open()
    expect(of('client.hello')).toMatchObject([
      {
        method: 'initialize',
        capabilities: ['extensions', 'roots', 'sampling'],
        extensions: ['io.example/x'],
        offeredVersion: '2025-11-25',
        clientName: 'tester',
        era: 'legacy',
      },
    ])
    expect(of('client.hello')[0]!['capabilitiesHash']).toMatch(/^[0-9a-f]{64}$/)
    valid()
  })
  it('of the modern era is told with the first request, and again when the client says something else', async () => {
    const { client, of, valid, fetch } = await modern((server) => server.registerTool('t', {}, () => ({ content: [] })))
    for (let time = 0; time < 3; time++) await client.callTool({ name: 't' })
    expect(of('client.hello')).toMatchObject([
      { era: 'modern', offeredVersion: '2026-07-28', clientName: 'tester', clientVersion: '9', capabilities: [] },
    ])
    const meta = (capabilities: object) => ({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '9' },
      'io.modelcontextprotocol/clientCapabilities': capabilities,
    })
    const list = async (capabilities: object) => {
      const response = await fetch('http://localhost/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/list',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta(capabilities) } }),
      })
      await response.text()
    }
    await list({ sampling: {} })
    await list({ sampling: {} })
    await list({})
    await list({ experimental: { blob: { text: 'x'.repeat(100_000) } } })
    expect(of('client.hello').map((event) => [event['capabilities'], event['flags']])).toEqual([
      [[], undefined],
      [['sampling'], undefined],
      [['experimental'], ['content_bounded']],
    ])
    valid()
  })
})

describe('a session id', () => {
  it('that comes twice is a duplicate', () => {
    const ids = new HandedOutIds()
    expect(ids.seen('a', 'fa').idDuplicate).toBe(false)
    expect(ids.seen('b', 'fb').idDuplicate).toBe(false)
    expect(ids.seen('a', 'fa').idDuplicate).toBe(true)
  })
  it.each([
    ['counted', (n: number) => `sess-${1_000 + n}`, true],
    ['counted across a change of length', (n: number) => `sess-${n + 95}`, true],
    ['of time, as UUIDv7', (n: number) => `0190${n.toString(16).padStart(4, '0')}-7000-7abc-8abc-000000000000`, true],
    ['random', (n: number) => `${(n * 7_919) % 97}-${(n * 104_729) % 89}`, false],
  ])('%s rises: %s', (_, make, expected) => {
    const ids = new HandedOutIds()
    const seen = Array.from({ length: 12 }, (__, n) => ids.seen(make(n), `f${n}`).idMonotonic)
    expect(seen[0]).toBeUndefined()
    expect(seen.at(-1)).toBe(expected)
  })
  it.each([
    ['3f1c2a9e-7c1d-4b5e-9a40-0d6a1c2e5f77', { idAlphabet: 'uuid', idBits: 122, idUuidVersion: 4, idVisible: true }],
    ['0190f3a0-1111-7abc-8abc-00000000abcd', { idBits: 74, idUuidVersion: 7 }],
    ['a6f0c1de-7c1d-11ef-9a40-0d6a1c2e5f77', { idBits: 0, idUuidVersion: 1 }],
    ['sess-1001', { idLength: 9, idUuidVersion: 0, idVisible: true }],
    ['two words', { idVisible: false }],
    ['ærlig', { idVisible: false }],
  ])('%s is described', (id, facts) => {
    expect(new HandedOutIds().seen(id, 'f')).toMatchObject(facts)
  })
  it('that is long and odd is compared all the same', () => {
    const ids = new HandedOutIds()
    for (const id of ['', '9'.repeat(10_000), '\u0000', 'x'.repeat(10_000)]) ids.seen(id, id.slice(0, 5))
    expect(ids.seen('1', '1').idMonotonic).toBe(false)
  })
})

it('what was told is remembered within bounds, the oldest forgotten first', () => {
  const recent = new RecentSet(2)
  expect(['a', 'b', 'a', 'c', 'a', 'c'].map((key) => recent.add(key))).toEqual([true, true, false, true, true, false])
})
