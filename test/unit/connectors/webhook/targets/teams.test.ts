/** The Adaptive Card, exactly, and what hostile text cannot do in it. */
import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../../connectors/webhook/delivery/flood.ts'
import { alertCard, CARD_BYTES, teamsTarget } from '../../../../../connectors/webhook/targets/teams.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { textsOf } from '../../../../fakes/teams.ts'

const run = (text: string, more: object = {}) => ({ type: 'TextRun', text, ...more })
const line = (head: string, text: string) => ({
  type: 'RichTextBlock',
  inlines: [run(head, { weight: 'Bolder' }), run(text)],
})
const plain = (card: object) => textsOf(card as Record<string, unknown>).plain

describe('the card', () => {
  it('is exactly this', () => {
    const { body, ...rest } = alertCard(sampleAlert({ triage: ['Who issued the token?'], blindSpots: [] }))
    expect(rest).toEqual({
      type: 'AdaptiveCard',
      $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
      version: '1.5',
      msteams: { width: 'Full' },
    })
    const label = (text: string) => ({ type: 'RichTextBlock', inlines: [run(text, { weight: 'Bolder' })] })
    const code = (text: string) => ({ type: 'RichTextBlock', inlines: [run(text, { fontType: 'Monospace' })] })
    expect(body).toEqual([
      {
        type: 'RichTextBlock',
        inlines: [
          run('[CRITICAL] Token audience mismatch: alice on files', {
            weight: 'Bolder',
            size: 'Large',
            color: 'Attention',
          }),
        ],
      },
      line('Principal: ', 'alice'),
      line('Client: ', 'ide'),
      line('Server: ', 'files'),
      line('Tool: ', 'read_file'),
      line('Decision: ', 'allow'),
      line('Entity: ', 'server=files principal=alice'),
      line('Tenant: ', 'default'),
      line('When: ', '2 times, first 2026-10-01T10:05:00Z, last 2026-10-01T10:06:00Z'),
      line('Saw: ', 'https[:]//graph.microsoft.com'),
      line('Expected: ', 'https[:]//mcp.example.com'),
      line('Severity: ', 'The server allowed it.'),
      line('issuer: ', 'https[:]//login.example.com'),
      line('scopes: ', 'read, write'),
      line('attempts: ', '2'),
      label('Next steps'),
      line('1. ', 'Who issued the token?'),
      label('Query'),
      code('SELECT event_time, tool_name'),
      code("FROM events WHERE principal_key = 'alice' AND server_id = 'files'"),
      {
        type: 'RichTextBlock',
        separator: true,
        inlines: [
          run(
            'alert a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 revision 1 · tok-001-audience-mismatch v1 · MCP07:2025, T1550.001',
            { size: 'Small', isSubtle: true },
          ),
        ],
      },
    ])
  })
  it('is short for what a person decided', () => {
    const acknowledged = sampleAlert({ status: 'acknowledged', owner: 'maria', statusReason: 'mine', revision: 2 })
    expect(plain(alertCard(acknowledged))).toEqual([
      '[ACKNOWLEDGED] Token audience mismatch: alice on files',
      ...['By: ', 'maria', 'Reason: ', 'mine'],
      'alert a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 revision 2',
    ])
  })
  it('holds no Markdown, mention, link, tag or date function, whatever the alert holds', () => {
    const text = `${HOSTILE}<at>maria</at> [x](https://evil.example) www.evil.example {{DATE(2026-01-01T00:00:00Z)}}`
    for (const status of ['open', 'resolved'] as const) {
      const card = alertCard(
        sampleAlert({
          ...{ status, title: text, saw: text, expected: text, entity: text, toolName: text, serverId: text },
          ...{ evidence: { [text]: [text] }, triage: [text], blindSpots: [text], refs: [text], query: text },
          ...{ owner: text, statusReason: text, severityReason: text, principalKey: text },
        }),
      )
      const texts = textsOf(card as unknown as Record<string, unknown>)
      expect(texts.markdown).toEqual([])
      expect(texts.plain.join('\n')).not.toMatch(/[<>]|:\/\/|\]\(|\{\{|www\./)
      expect(texts.plain.join(' ')).not.toMatch(/[\p{Cf}\p{Cs}\u0000-\u001f]/u)
      // Nothing of the text became a part of the card.
      expect(JSON.stringify(card)).not.toMatch(/"(url|entities|selectAction|Action\.[A-Za-z]+)"/)
    }
  })
  it('stays below its size, says how much it left out, and keeps the line that tells the alert', () => {
    const wide = '統'.repeat(5_000)
    const evidence = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`fact${at}`, wide]))
    const card = alertCard(
      sampleAlert({ evidence, saw: wide, expected: wide, triage: Array(40).fill(wide) as string[] }),
    )
    expect(Buffer.byteLength(JSON.stringify(card))).toBeLessThanOrEqual(CARD_BYTES)
    expect(plain(card).at(-2)).toMatch(/^and \d+ more lines$/)
    expect(plain(card).at(-1)).toMatch(/^alert a1/)
  })
  it('names the place of a query that cannot be shown as it is', () => {
    for (const query of ['x'.repeat(5_000), "SELECT 'https://evil.example'", 'SELECT 1 \u202e'])
      expect(plain(alertCard(sampleAlert({ query })))).toContain('stands in the table of alerts')
  })
  it('tells many alerts as one, with exact counts', () => {
    const members = Array.from({ length: 1_500 }, (_, at) =>
      sampleDelivery('soc', sampleAlert({ severity: 'low', rule: `rule-${at % 300}` })),
    )
    const card = alertCard(summaryOf('b1'.repeat(16), members, 60_000))
    expect(plain(card)[0]).toMatch(/^\[LOW\] 1500 more alerts within 60 s: /)
    expect(Buffer.byteLength(JSON.stringify(card))).toBeLessThanOrEqual(CARD_BYTES)
  })
  it('is shown without the URL, which is the secret', () => {
    const [payload] = teamsTarget('soc', 'https://x.logic.azure.com/w?sig=secret-canary').payloads(
      [sampleDelivery('soc')],
      0,
    )
    expect(payload!.to).toBe('POST https://x.logic.azure.com/***')
    expect(JSON.stringify(payload)).not.toContain('secret-canary')
  })
})
