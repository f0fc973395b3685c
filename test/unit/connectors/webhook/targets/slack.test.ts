/** The Slack message, exactly, and what hostile text cannot do in it. */
import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../../connectors/webhook/delivery/flood.ts'
import { slackMessage, slackTarget } from '../../../../../connectors/webhook/targets/slack.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'

const mrkdwn = (text: string) => ({ type: 'mrkdwn', text, verbatim: true })

describe('the message', () => {
  it('is exactly this', () => {
    expect(slackMessage(sampleAlert())).toEqual({
      text: '[CRITICAL] Token audience mismatch: alice on files',
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        {
          type: 'header',
          text: { type: 'plain_text', text: '[CRITICAL] Token audience mismatch: alice on files', emoji: false },
        },
        {
          type: 'section',
          fields: [
            mrkdwn('*Principal*\n`alice`'),
            mrkdwn('*Client*\n`ide`'),
            mrkdwn('*Server*\n`files`'),
            mrkdwn('*Tool*\n`read_file`'),
            mrkdwn('*Decision*\n`allow`'),
            mrkdwn('*Entity*\n`server=files principal=alice`'),
            mrkdwn('*Tenant*\n`default`'),
          ],
        },
        { type: 'section', text: mrkdwn('*Saw*\n`https://graph.microsoft.com`') },
        { type: 'section', text: mrkdwn('*Expected*\n`https://mcp.example.com`') },
        {
          type: 'section',
          text: mrkdwn('*Evidence*\n`issuer`: `https://login.example.com`\n`scopes`: `read, write`\n`attempts`: `2`'),
        },
        {
          type: 'section',
          text: mrkdwn(
            '*Next steps*\n1. `Who issued the token, and for which service?`\n2. `Did the server act on it?`',
          ),
        },
        {
          type: 'section',
          text: mrkdwn(
            "*Query*\n```\nSELECT event_time, tool_name\nFROM events WHERE principal_key = 'alice' AND server_id = 'files'\n```",
          ),
        },
        {
          type: 'context',
          elements: [
            mrkdwn(
              '`tok-001-audience-mismatch` v1 · alert `a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1` revision 1 · 2 times, first 2026-10-01T10:05:00Z, last 2026-10-01T10:06:00Z · MCP07:2025, T1550.001 · `The server allowed it.` · cannot see: `An opaque token shows no audience.`',
            ),
          ],
        },
      ],
    })
  })
  it('goes to the hook as JSON', () => {
    const request = slackTarget('soc', 'https://hooks.slack.com/services/T/B/X').request(sampleDelivery('soc'), 0)
    expect(request.url).toBe('https://hooks.slack.com/services/T/B/X')
    expect(request.headers).toEqual({ 'content-type': 'application/json' })
  })
  it.each(['open', 'acknowledged', 'resolved', 'suppressed'] as const)(
    'has no angle bracket, raw control or bidi character while %s, and every value stands in code, whatever the alert holds',
    (status) => {
      const message = slackMessage(
        sampleAlert({
          ...{ status, title: HOSTILE, saw: HOSTILE, expected: HOSTILE, entity: HOSTILE, toolName: HOSTILE },
          ...{ serverId: HOSTILE, tenant: HOSTILE, principalKey: HOSTILE, clientKey: HOSTILE, sessionFp: HOSTILE },
          ...{ owner: HOSTILE, statusReason: HOSTILE, severityReason: HOSTILE, decision: HOSTILE, rule: HOSTILE },
          ...{ evidence: { [HOSTILE]: HOSTILE }, query: HOSTILE, refs: [HOSTILE], triage: [HOSTILE] },
          ...{ blindSpots: [HOSTILE] },
        }),
      )
      const texts = textsOf(message)
      expect(texts.join('\n')).not.toMatch(/[<>]/)
      expect(texts.join(' ')).not.toMatch(/[\p{Cf}\u0000-\u0009\u000b-\u001f]/u)
      expect(JSON.stringify(message)).not.toMatch(/"type":"(button|image|actions|rich_text|input)"|"url"/)
      if (status !== 'open') return
      expect(texts.find((text) => text.startsWith('*Saw*'))).toMatch(/^\*Saw\*\n`[^`\n]+`$/)
      expect(texts.find((text) => text.startsWith('*Tool*'))).toMatch(/^\*Tool\*\n`[^`\n]+`$/)
    },
  )
  it('says how much evidence it left out', () => {
    const evidence = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`fact${at}`, 'v'.repeat(200)]))
    expect(textsOf(slackMessage(sampleAlert({ evidence }))).find((text) => text.startsWith('*Evidence*'))).toMatch(
      /\nand 29 more$/,
    )
  })
  it('names the place of a query that does not fit instead of cutting it', () => {
    const texts = textsOf(slackMessage(sampleAlert({ query: 'x'.repeat(5000) })))
    expect(texts).toContain('*Query*\ntoo long for Slack: it stands in the table of alerts')
  })
})

describe('what a person decided', () => {
  it('is a short message with who, why and until when', () => {
    const suppressed = sampleAlert({
      ...{
        status: 'suppressed',
        owner: 'maria',
        statusReason: 'known <!channel>',
        statusUntil: '2026-10-08T00:00:00Z',
      },
      ...{ verdict: 'false_positive', revision: 3 },
    })
    expect(slackMessage(suppressed)).toMatchObject({
      text: '[SUPPRESSED] Token audience mismatch: alice on files',
      blocks: [
        {
          type: 'section',
          text: mrkdwn(
            '*[SUPPRESSED] critical*\n`Token audience mismatch: alice on files`\nby `maria`\nreason `known &lt;!channel&gt;`\nuntil `2026-10-08T00:00:00Z`\nverdict `false positive`',
          ),
        },
        { type: 'context', elements: [mrkdwn('alert `a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1` revision 3')] },
      ],
    })
  })
})

describe('alerts told together', () => {
  it('are one message with exact counts that fits, whatever they hold', () => {
    const members = Array.from({ length: 1_500 }, (_, at) =>
      sampleDelivery('soc', sampleAlert({ severity: 'medium', serverId: HOSTILE, rule: `${HOSTILE}${at % 300}` })),
    )
    const message = slackMessage(summaryOf('b1'.repeat(16), members, 60_000))
    expect(message['text']).toMatch(/^\[MEDIUM\] 1500 more alerts within 60 s: /)
    expect(JSON.stringify(message['blocks']).length).toBeLessThan(13_000)
    expect(textsOf(message).join('\n')).not.toMatch(/[<>]/)
  })
})

describe('the verdict', () => {
  const { verdict } = slackTarget('soc', 'https://hooks.slack.com/services/T/B/X')
  it.each([
    [200, 'ok', { kind: 'delivered' }],
    [200, 'welcome', { kind: 'retry', reason: 'status 200 welcome' }],
    [400, 'invalid_blocks', { kind: 'refused', reason: 'status 400 invalid_blocks' }],
    [404, 'no_service', { kind: 'retry', afterMs: 600_000, reason: 'status 404 no_service' }],
    [403, 'action_prohibited', { kind: 'retry', afterMs: 600_000, reason: 'status 403 action_prohibited' }],
    [429, '{"ok":false}', { kind: 'retry', reason: 'status 429' }],
    [500, 'rollup_error', { kind: 'retry', reason: 'status 500 rollup_error' }],
  ])('%i %s', (status, body, expected) => {
    expect(verdict({ status, headers: {}, body })).toEqual(expected)
  })
})

/** Every text of the message that Slack shows. */
function textsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(textsOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) =>
    key === 'text' && typeof child === 'string' ? [child] : textsOf(child),
  )
}
