/** What an event’s texts lose before anything keeps them, what they keep, and that it is said. */
import { describe, expect, it } from 'vitest'
import { redactEvent } from '../../../collector/redact-event.ts'
import type { AuditEvent, EventFields } from '../../../schemas/event.ts'
import { dressed, plant } from '../../fakes/canaries.ts'
import { githubToken, jwt } from '../../fakes/secrets.ts'

const redacted = (fields: EventFields): EventFields =>
  redactEvent({
    eventType: 'tool.call',
    eventId: '0193577e-3c4a-7cde-8000-0123456789ab',
    eventTime: '2026-11-24T06:00:00Z',
    serverId: 'hr',
    ...fields,
  } as AuditEvent) as unknown as EventFields
const canaries = plant()

describe('redactEvent', () => {
  it('takes names that nobody could guess out of what a caller says, in every dress, and names the field', () => {
    for (const secret of Object.values(canaries))
      for (const form of dressed(secret)) {
        const event = redacted({ toolName: form, clientName: form, method: form, flags: ['sampled'] })
        expect([event['toolName'], event['clientName'], event['method']], form).toEqual(Array(3).fill('[redacted]'))
        expect(event['redactions']).toEqual(['method', 'clientName', 'toolName'])
      }
  })
  it('leaves real names as they are', () => {
    for (const toolName of [
      'get_weather',
      'ListClustersByStatus',
      'browser_take_screenshot',
      'mcp__github__create_pull_request',
    ])
      expect(redacted({ toolName, method: 'notifications/tools/list_changed' })).toMatchObject({ toolName })
    expect(redacted({ toolName: 'createOrUpdateFile' })).not.toHaveProperty('redactions')
  })
  it('takes a token out of any text, and leaves the rest', () => {
    const event = redacted({
      eventType: 'auth.token.validated',
      reason: `upstream refused ${githubToken('a')} and ${canaries.code} for alice`,
      policyId: jwt('b'),
      aud: ['https://hr.example', `https://u:${canaries.clientSecret}@hr.example/x`],
    })
    expect(event).toMatchObject({
      reason: 'upstream refused [secret.github_token] and [redacted] for alice',
      aud: ['https://hr.example', 'https://[secret.url_password]@hr.example/x'],
      redactions: ['reason', 'aud'],
    })
  })
  it('keeps one client apart from another when their ids look like secrets', () => {
    const keyOf = (clientKey: string) => redacted({ clientKey })['clientKey']
    expect(keyOf(canaries.clientSecret)).toMatch(/^sha256:[0-9a-f]{32}$/)
    expect(keyOf(canaries.clientSecret)).toBe(keyOf(canaries.clientSecret))
    expect(keyOf(canaries.clientSecret)).not.toBe(keyOf(canaries.code))
    for (const known of [
      'ide',
      canaries.sessionId,
      'https://client.example/metadata.json',
      String(keyOf(canaries.code)),
    ])
      expect(keyOf(known)).toBe(known)
  })
  it('reads paths and values inside lists, and leaves keyed hashes', () => {
    const hmac = 'ab'.repeat(32)
    const event = redacted({
      args: [
        { path: `headers.${canaries.cookie}`, type: 'string', hmac },
        { path: 'query', type: 'string', hmac, value: `key=${canaries.apiKey} city=Oslo` },
      ],
    })
    expect(event['args']).toEqual([
      { path: '[redacted]', type: 'string', hmac },
      { path: 'query', type: 'string', hmac, value: expect.stringMatching(/^(?!.*ghp_).*city=Oslo$/) },
    ])
    expect(event['redactions']).toEqual(['args'])
  })
  it('believes no name of a server in telemetry of others', () => {
    expect(redacted({ serverName: canaries.stateHandle, source: 'span' })['serverName']).toBe('[redacted]')
    expect(redacted({ serverName: canaries.stateHandle, source: 'native' })['serverName']).toBe(canaries.stateHandle)
  })
  it('changes nothing the second time', () => {
    const once = redacted({ toolName: canaries.code, clientKey: canaries.cookie, errorCode: canaries.apiKey })
    expect(redacted(structuredClone(once))).toEqual(once)
  })
})
