/** Sealed names of people: opened with the right key for the right principal alone, recorded only where a server was told to. */
import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { nameIn, nameKeysOf, openName, sealName } from '../../../../../collector/instrument/identity/display-name.ts'
import { auditTokenVerifier, memorySink, shutdownAudit } from '../../../../../collector/instrument/index.ts'
import { redactEvent } from '../../../../../collector/redact-event.ts'
import { parseEvent } from '../../../../../schemas/event.ts'

const OLD = 'an-old-key-of-more-than-thirty-two-characters'
const NEW = 'a-new-key-of-more-than-thirty-two-characters-too'
const keysOf = (secret: string) => nameKeysOf(secret, 'config', 'displayNames.key')
const PERSON = 'ab'.repeat(16)

describe('a sealed name', () => {
  it('opens for its principal with its key, also after the key was rotated', () => {
    const sealed = sealName(keysOf(OLD), PERSON, 'Zoë Müller-Łukasz 王')
    expect(openName(keysOf(OLD), PERSON, sealed)).toBe('Zoë Müller-Łukasz 王')
    expect(openName(keysOf(`${NEW}\n${OLD}`), PERSON, sealed)).toBe('Zoë Müller-Łukasz 王')
  })
  it('opens neither with another key, nor for another principal, nor when a bit of it was changed', () => {
    const sealed = sealName(keysOf(OLD), PERSON, 'alice')
    expect(openName(keysOf(NEW), PERSON, sealed)).toBeUndefined()
    expect(openName(keysOf(OLD), 'cd'.repeat(16), sealed)).toBeUndefined()
    for (const at of [12, 20, sealed.length - 1]) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      expect(openName(keysOf(OLD), PERSON, sealed.slice(0, at) + other + sealed.slice(at + 1))).toBeUndefined()
    }
    for (const broken of ['', 'v1', 'v1.00000000.AAAA', `${sealed.slice(0, 12)}AAAA`, 'x'.repeat(5_000)])
      expect(openName(keysOf(OLD), PERSON, broken)).toBeUndefined()
  })
  it('is another text each time, so that nobody sees that two are equal', () => {
    expect(sealName(keysOf(OLD), PERSON, 'alice')).not.toBe(sealName(keysOf(OLD), PERSON, 'alice'))
  })
  it('needs a key of 32 characters', () => {
    expect(() => keysOf('short')).toThrow('config: displayNames.key: must be at least 32 characters')
    expect(() => keysOf(' \n')).toThrow('is empty')
  })
})

describe('the name in a token', () => {
  it.each([
    [{ preferred_username: 'alice@corp.example', name: 'Alice' }, 'alice@corp.example'],
    [{ upn: 'a@b', email: 'c@d' }, 'a@b'],
    [{ email: 'c@d' }, 'c@d'],
    [{ preferred_username: ' ', name: 'Alice' }, 'Alice'],
    [{ preferred_username: { toString: 'x' } }, undefined],
    [{}, undefined],
  ])('%j is %s', (payload, name) => {
    expect(nameIn(payload)).toBe(name)
  })
  it('is bounded', () => {
    expect(nameIn({ name: 'x'.repeat(100_000) })).toHaveLength(256)
  })
})

describe('an audited verifier', () => {
  afterEach(() => shutdownAudit())
  let next = 0
  async function recorded(more: object): Promise<Record<string, unknown>> {
    const sink = memorySink()
    const options = { sink, serverId: `names-${next++}`, keys: randomBytes(32), ...more }
    const token = await new SignJWT({ sub: 'alice', iss: 'https://idp', preferred_username: 'alice@corp.example' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(randomBytes(32))
    const verifier = { verifyAccessToken: async (given: string) => ({ token: given, clientId: 'c', scopes: [] }) }
    await auditTokenVerifier(verifier, options).verifyAccessToken(token)
    const event = sink.events.find(({ eventType }) => eventType === 'auth.token.validated')
    return JSON.parse(JSON.stringify(event)) as Record<string, unknown>
  }
  it('records no name unless it is told to', async () => {
    const event = await recorded({})
    expect(event).not.toHaveProperty('principalName')
    expect(JSON.stringify(event)).not.toContain('alice@corp')
  })
  it('records it sealed, and what redacts events leaves it as it is', async () => {
    process.env['TEST_DISPLAY_KEY'] = OLD
    const event = await recorded({ displayNames: { key: 'env:TEST_DISPLAY_KEY' } })
    expect(JSON.stringify(event)).not.toContain('alice@corp')
    const parsed = parseEvent(event)
    if (!('event' in parsed)) throw new Error(JSON.stringify(parsed))
    const kept = redactEvent(parsed.event) as unknown as Record<string, string>
    expect(kept['redactions']).toBeUndefined()
    expect(openName(keysOf(OLD), kept['principalKey']!, kept['principalName']!)).toBe('alice@corp.example')
  })
  it('refuses a key that is too short when it is set up, not in a call', async () => {
    process.env['TEST_DISPLAY_KEY'] = 'short'
    const { instrumentMcpServer } = await import('../../../../../collector/instrument/index.ts')
    const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js')
    const server = new McpServer({ name: 'a', version: '1' })
    const options = { sink: memorySink(), serverId: 'short', displayNames: { key: 'env:TEST_DISPLAY_KEY' } }
    expect(() => instrumentMcpServer(server, options)).toThrow('displayNames.key')
  })
})
