/** The fake Slack refuses what Slack refuses, with Slack's words. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeSlack } from '../../fakes/slack.ts'

let slack: FakeSlack
beforeAll(async () => {
  slack = await FakeSlack.start()
})
afterAll(() => slack.close())
beforeEach(() => {
  slack.state = 'active'
  slack.rateClock = undefined
  slack.messages.length = 0
})

async function post(body: unknown, options: { type?: string; url?: string; method?: string } = {}) {
  const answer = await fetch(options.url ?? slack.url, {
    method: options.method ?? 'POST',
    headers: { 'content-type': options.type ?? 'application/json' },
    ...(options.method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: answer.status, body: await answer.text(), retryAfter: answer.headers.get('retry-after') }
}
const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } })
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

describe('the fake Slack', () => {
  it('takes text, blocks and a form, and answers ok', async () => {
    expect(await post({ text: 'hello' })).toMatchObject({ status: 200, body: 'ok' })
    expect(await post({ blocks: many(50, section('x')) })).toMatchObject({ status: 200, body: 'ok' })
    expect(await post({ blocks: [section('x'.repeat(3000))] })).toMatchObject({ status: 200, body: 'ok' })
    const form = new URLSearchParams({ payload: '{"text":"x"}' }).toString()
    expect(await post(form, { type: 'application/x-www-form-urlencoded' })).toMatchObject({ status: 200, body: 'ok' })
    expect(slack.messages).toHaveLength(4)
  })
  it.each<[string, unknown, string]>([
    ['51 blocks', { blocks: many(51, section('x')) }, 'invalid_blocks'],
    ['a section of 3,001 characters', { blocks: [section('x'.repeat(3001))] }, 'invalid_blocks'],
    ['an empty text', { blocks: [section('')] }, 'invalid_blocks'],
    ['11 fields', { blocks: [{ type: 'section', fields: many(11, { type: 'mrkdwn', text: 'x' }) }] }, 'invalid_blocks'],
    ['no field', { blocks: [{ type: 'section', fields: [] }] }, 'invalid_blocks'],
    [
      'a field of 2,001',
      { blocks: [{ type: 'section', fields: [{ type: 'mrkdwn', text: 'x'.repeat(2001) }] }] },
      'invalid_blocks',
    ],
    [
      'a header of 151',
      { blocks: [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }] },
      'invalid_blocks',
    ],
    ['a header in mrkdwn', { blocks: [{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }] }, 'invalid_blocks'],
    [
      'emoji on mrkdwn',
      { blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'x', emoji: true } }] },
      'invalid_blocks',
    ],
    ['an unknown block', { blocks: [{ type: 'marquee' }] }, 'invalid_blocks'],
    [
      '11 context elements',
      { blocks: [{ type: 'context', elements: many(11, { type: 'mrkdwn', text: 'x' }) }] },
      'invalid_blocks',
    ],
    ['14,000 characters in all', { blocks: many(5, section('x'.repeat(2800))) }, 'msg_blocks_too_long'],
    ['neither text nor blocks', {}, 'no_text'],
    ['a list', [], 'invalid_payload'],
    ['text that is no JSON', '{"text":', 'invalid_payload'],
  ])('refuses %s', async (_, payload, word) => {
    expect(await post(payload)).toMatchObject({ status: 400, body: word })
    expect(slack.messages).toEqual([])
  })
  it('refuses another content type, another method and an unknown hook', async () => {
    expect(await post({ text: 'x' }, { type: 'text/plain' })).toMatchObject({ status: 400, body: 'invalid_payload' })
    expect(await post('', { method: 'GET' })).toMatchObject({ status: 400 })
    expect(await post({ text: 'x' }, { url: slack.url.slice(0, -1) })).toMatchObject({
      status: 404,
      body: 'no_service',
    })
  })
  it.each([
    ['no_service', 404],
    ['no_active_hooks', 404],
    ['action_prohibited', 403],
    ['invalid_token', 403],
    ['channel_is_archived', 410],
  ] as const)('answers %s when an administrator did so', async (state, status) => {
    slack.state = state
    expect(await post({ text: 'x' })).toMatchObject({ status, body: state })
  })
  it('lets one message a second through and asks for patience otherwise', async () => {
    let nowMs = 0
    slack.rateClock = () => nowMs
    expect((await post({ text: '1' })).status).toBe(200)
    nowMs = 999
    expect(await post({ text: '2' })).toMatchObject({ status: 429, retryAfter: '1' })
    nowMs = 1000
    expect((await post({ text: '2' })).status).toBe(200)
  })
})
